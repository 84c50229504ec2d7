#!/bin/bash
# PostgreSQL 19: DETACH PARTITION publishes a partition of a table that FOR ALL TABLES EXCEPT leaves out, and ATTACH
# takes a published table away.
#
# Versions: PostgreSQL 19rc1 (Debian experimental, postgresql-19 19~rc1-1).
# Guess: EXCEPT leaves out the partitions that the table has; either they stay out when they are detached, or
#   PostgreSQL asks for a decision, as it does when a partition is to be named: "not supported for individual
#   partitions".
# Behaviour: EXCEPT names the root alone and is looked up through the tree at the time. A detached partition is
#   published from its next change on, without a notice. A published table that is attached is not published any more.
#   A second publication in the subscriber's list that names the table brings it back. Only attaching a table that is
#   itself in an EXCEPT clause is refused (55000).
# Why it matters: detaching an old partition is how tables are archived. Each write to the archive then reaches every
#   consumer of "all tables but this one", which is a list that somebody made to keep a table out. No ALTER
#   PUBLICATION tells of it, and the EXCEPT clause can't name a partition beforehand.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
fetch_postgres_19
npm_install pg@8.16.3
start_postgres 19
run_node "$port" <<'JS'
(async () => {
  const db = await lib.connect(process.argv[2]);
  await lib.run(db, 'CREATE TABLE root (id int PRIMARY KEY) PARTITION BY RANGE (id)',
    'CREATE TABLE low PARTITION OF root FOR VALUES FROM (0) TO (10)', 'CREATE TABLE high (id int PRIMARY KEY)',
    'CREATE PUBLICATION pub FOR ALL TABLES EXCEPT (TABLE root)', 'CREATE PUBLICATION named FOR TABLE low',
    "SELECT pg_create_logical_replication_slot('s', 'pgoutput')");
  const notices = [];
  db.on('notice', (notice) => notices.push(notice.message));
  const read = async (publications = 'pub') => (await lib.peek(db, 's', { publication_names: publications })).filter((m) => m.startsWith('Insert'));
  const write = async (...statements) => {
    await lib.peek(db, 's', {}, true);
    await lib.run(db, ...statements);
  };
  await write('INSERT INTO low VALUES (1)', 'INSERT INTO high VALUES (11)');
  lib.see('low is a partition, high a table', await read(), ['Insert (11)']);
  lib.see('the same with a publication that names low', await read('pub,named'), ['Insert (1)', 'Insert (11)']);
  await write('ALTER TABLE root DETACH PARTITION low', 'INSERT INTO low VALUES (2)');
  lib.see('low is detached', await read(), ['Insert (2)']);
  await write('ALTER TABLE root ATTACH PARTITION high FOR VALUES FROM (10) TO (20)', 'INSERT INTO high VALUES (12)');
  lib.see('high is attached', await read(), []);
  lib.see('notices', notices, []);
  lib.see('a partition in EXCEPT', await lib.error(db, 'CREATE PUBLICATION p FOR ALL TABLES EXCEPT (TABLE high)'), '22023: cannot specify ' +
    'relation "public.high" in the publication EXCEPT clause (This operation is not supported for individual partitions.)');
  await lib.run(db, 'CREATE PUBLICATION other FOR ALL TABLES EXCEPT (TABLE low)');
  lib.see('attaching a table that is in EXCEPT', await lib.error(db, 'ALTER TABLE root ATTACH PARTITION low FOR VALUES FROM (0) TO (10)'),
    '55000: cannot attach table "low" as partition because it is referenced in publication "other" EXCEPT clause ' +
    '(The publication EXCEPT clause cannot contain tables that are partitions.)');
  lib.end();
})();
JS
