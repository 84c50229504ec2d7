#!/bin/bash
# wal2json writes numbers and booleans of a domain as strings, and an infinite number as null.
#
# Versions: wal2json 2.7 with PostgreSQL 18.6 (Debian sid, postgresql-18-wal2json 2.7-1 and postgresql-18 18.6-3).
# Guess: numbers are JSON numbers and booleans JSON booleans; a domain is a constraint on its base type, so it changes
#   nothing about that. What JSON can't express as a number comes as a string.
# Behaviour: the domain's own OID decides, and each type that wal2json does not know is a string: true is "t", 7 is
#   "7". NaN and the infinities are null in a column, and stand as they are in an array, which is one string.
# Why it matters: giving a column a domain changes no value, and changes the JSON type of each later row; "f" is true in
#   JavaScript and Python. An infinite value can't be told from NULL.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
fetch_sid postgresql-18=18.6-3 postgresql-18-wal2json=2.7-1
wrap_sid "$work/sid/usr/lib/postgresql/18/bin/"{initdb,pg_ctl,postgres}
ln -s "$work/sid/usr/lib/postgresql/18" "$work/pg-18"
npm_install pg@8.16.3
start_postgres 18 "output_plugin_libraries = 'pgoutput, test_decoding, wal2json'"
run_node "$port" <<'JS'
(async () => {
  const db = await lib.connect(process.argv[2]);
  await lib.run(db, 'CREATE DOMAIN flag AS boolean', 'CREATE DOMAIN amount AS int CHECK (value > 0)',
    'CREATE TABLE t (id int PRIMARY KEY, yes boolean, no boolean, n numeric, f float8[])',
    "SELECT pg_create_logical_replication_slot('s', 'wal2json')");
  const read = async () => (await db.query(
    "SELECT data FROM pg_logical_slot_get_changes('s', NULL, NULL, 'format-version', '2', 'include-transaction', 'false')"))
    .rows.map((row) => Object.fromEntries(JSON.parse(row.data).columns.map((column) => [column.name, column.value])));
  await lib.run(db, "INSERT INTO t VALUES (7, true, false, 1.50, '{1.5}')");
  lib.see('base types', await read(), [{ id: 7, yes: true, no: false, n: 1.5, f: '{1.5}' }]);
  await lib.run(db, "INSERT INTO t VALUES (8, true, false, 'Infinity', '{Infinity}')", "INSERT INTO t VALUES (9, NULL, NULL, 'NaN', '{NaN}')",
    'INSERT INTO t VALUES (10, NULL, NULL, NULL, NULL)');
  lib.see('infinity, NaN, NULL', await read(), [{ id: 8, yes: true, no: false, n: null, f: '{Infinity}' },
    { id: 9, yes: null, no: null, n: null, f: '{NaN}' }, { id: 10, yes: null, no: null, n: null, f: null }]);
  await lib.run(db, 'ALTER TABLE t ALTER id TYPE amount, ALTER yes TYPE flag, ALTER no TYPE flag');
  await db.query("SELECT pg_logical_slot_get_changes('s', NULL, NULL)");
  await lib.run(db, "INSERT INTO t VALUES (11, true, false, 1.50, '{1.5}')");
  lib.see('domains', await read(), [{ id: '11', yes: 't', no: 'f', n: 1.5, f: '{1.5}' }]);
  lib.end();
})();
JS
