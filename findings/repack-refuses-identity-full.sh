#!/bin/bash
# PostgreSQL 19: REPACK (CONCURRENTLY) refuses a table with REPLICA IDENTITY FULL, although it has a primary key.
#
# Versions: PostgreSQL 19rc1 (Debian experimental, postgresql-19 19~rc1-1).
# Guess: REPACK (CONCURRENTLY) follows the table's changes by logical decoding and needs a way to find rows: a primary
#   key is one, and FULL logs more than that, so FULL costs WAL and nothing else.
# Behaviour: error 55000. With the identity DEFAULT the same table is repacked; with FULL it is not, and the manner in
#   which the identity is kept (primary key or not) makes no difference. A subscriber sees none of the moved rows.
# Why it matters: REPLICA IDENTITY FULL is the usual advice of change data capture, for old rows and for TOAST. From
#   19 on it takes away the way to shrink a bloated table without a lock. Setting DEFAULT for the time of a REPACK
#   takes old rows from every consumer meanwhile.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
fetch_postgres_19
npm_install pg@8.16.3
start_postgres 19
run_node "$port" <<'JS'
(async () => {
  const db = await lib.connect(process.argv[2]);
  await lib.run(db, 'CREATE TABLE t (id int PRIMARY KEY, v text)', "INSERT INTO t SELECT n, 'a' FROM generate_series(1, 1000) n",
    'CREATE PUBLICATION pub FOR TABLE t', "SELECT pg_create_logical_replication_slot('s', 'pgoutput')");
  lib.see('identity DEFAULT', await lib.error(db, 'REPACK (CONCURRENTLY) t'), 'no error');
  lib.see('what a subscriber is sent of it', await lib.peek(db, 's'), []);
  await lib.run(db, 'ALTER TABLE t REPLICA IDENTITY FULL');
  lib.see('identity FULL', await lib.error(db, 'REPACK (CONCURRENTLY) t'), '55000: cannot execute REPACK (CONCURRENTLY) ' +
    'on relation "t" (This operation does not support tables with REPLICA IDENTITY FULL.)');
  await lib.run(db, 'CREATE UNIQUE INDEX t_v ON t (id)', 'ALTER TABLE t REPLICA IDENTITY USING INDEX t_v');
  lib.see('identity USING INDEX', await lib.error(db, 'REPACK (CONCURRENTLY) t'), 'no error');
  lib.see('REPACK under FULL without CONCURRENTLY', [await lib.error(db, 'ALTER TABLE t REPLICA IDENTITY FULL'),
    await lib.error(db, 'REPACK t')], ['no error', 'no error']);
  lib.end();
})();
JS
