#!/bin/bash
# PostgreSQL 18: test_decoding and wal2json write a virtual generated column as NULL.
#
# Versions: PostgreSQL 18.6 with its test_decoding, and wal2json 2.7 (Debian sid, postgresql-18 18.6-3 and
#   postgresql-18-wal2json 2.7-1).
# Guess: a virtual column is computed when it is read. A plugin computes it or leaves it out, as pgoutput does.
# Behaviour: both plugins take it from the row, where it is never stored, and write null, beside the stored generated
#   column with its value. Under REPLICA IDENTITY FULL wal2json has the null in the old row too. pgoutput leaves it
#   out.
# Why it matters: from 18 on GENERATED ALWAYS AS (...) without a further word is virtual. A consumer that copies rows
#   writes NULL where a query gives 2, or finds no row by an old row that has v IS NULL. Nothing marks these nulls.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
fetch_sid postgresql-18=18.6-3 postgresql-18-wal2json=2.7-1
wrap_sid "$work/sid/usr/lib/postgresql/18/bin/"{initdb,pg_ctl,postgres}
ln -s "$work/sid/usr/lib/postgresql/18" "$work/pg-18"
npm_install pg@8.16.3
start_postgres 18 "output_plugin_libraries = 'pgoutput, test_decoding, wal2json'"
run_node "$port" <<'JS'
(async () => {
  const db = await lib.connect(process.argv[2]);
  await lib.run(db, 'CREATE TABLE t (id int PRIMARY KEY, s int GENERATED ALWAYS AS (id * 2) STORED, v int GENERATED ALWAYS AS (id * 2))',
    'ALTER TABLE t REPLICA IDENTITY FULL', 'CREATE PUBLICATION pub FOR TABLE t WITH (publish = insert)');
  for (const plugin of ['test_decoding', 'wal2json', 'pgoutput']) {
    await lib.run(db, `SELECT pg_create_logical_replication_slot('${plugin}', '${plugin}')`);
  }
  await lib.run(db, 'INSERT INTO t VALUES (1)');
  lib.see('query', (await db.query('SELECT * FROM t')).rows, [{ id: 1, s: 2, v: 2 }]);
  await lib.run(db, 'DELETE FROM t');
  const read = async (plugin, options) => (await db.query(
    `SELECT data FROM pg_logical_slot_get_changes('${plugin}', NULL, NULL, ${options})`)).rows.map((row) => row.data);
  lib.see('test_decoding', await read('test_decoding', "'include-xids', 'false'"), ['BEGIN',
    'table public.t: INSERT: id[integer]:1 s[integer]:2 v[integer]:null', 'COMMIT',
    'BEGIN', 'table public.t: DELETE: id[integer]:1 s[integer]:2', 'COMMIT']);
  const rows = (await read('wal2json', "'format-version', '2', 'include-transaction', 'false'")).map((line) => {
    const { action, columns, identity } = JSON.parse(line);
    return [action, Object.fromEntries((columns || identity).map((column) => [column.name, column.value]))];
  });
  lib.see('wal2json', rows, [['I', { id: 1, s: 2, v: null }], ['D', { id: 1, s: 2, v: null }]]);
  lib.see('pgoutput', (await lib.peek(db, 'pgoutput')).filter((m) => /^[RI]/.test(m)), ['Relation public.t identity=f (id*)', 'Insert (1)']);
  lib.end();
})();
JS
