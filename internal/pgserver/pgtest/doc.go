// Package pgtest gives tests a real PostgreSQL server.
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
//
//	func TestStream(t *testing.T) {
//		t.Parallel()
//		url := pgtest.Start(t).NewDatabase(t)
//		...
//	}
//
// # Which server a test gets
//
// [Start] returns the server that all tests of a package share; the first call starts it. Each
// test creates a database of its own in it, with [Server.NewDatabase]. Replication slots, roles
// and settings belong to a whole server: give them the test's name, or take a server of the
// test's own with [Separate].
//
// [StartVersion] and [SeparateVersion] do the same for one major version, and [Versions] lists
// the versions that Tablewire supports. [Server.Standby] adds a standby. [Pooler] stands between
// a client and a server, as PgBouncer would.
//
// # Where servers run
//
// The environment variable TABLEWIRE_TEST_POSTGRES chooses where a server of any version runs.
// The log of every test says where its server ran.
//
//   - Unset: in a container, from the image postgres:17-alpine or from the one that
//     TABLEWIRE_TEST_POSTGRES_IMAGE names. Without a Docker engine or the image: from the
//     binaries that package pgserver finds or downloads.
//   - container, binaries: as the word says. If that fails, the test fails.
//   - A major version, such as 19: as for StartVersion. Tests of all versions run on that one
//     alone.
//
// A server of a given version runs from the system's binaries, else from downloaded ones, else
// in a container of postgres:N-alpine.
//
// A test without PostgreSQL fails. Only -short skips it.
//
// # What is guaranteed
//
//   - Servers have wal_level=logical, 20 WAL senders, 20 replication slots, 20 prepared
//     transactions, and fsync=off. Their superuser is postgres, without a password.
//   - A server keeps its address when it is stopped and started again.
//   - A database is dropped when its test ends, with its replication slots and connections.
//   - A separate server ends with its test. [Main] ends the shared ones, and then fails if a
//     goroutine is left over.
//   - If the test binary is killed, its servers end too: binaries by Linux, containers by
//     testcontainers' reaper.
//
// The tests of this package run as any others: go test ./internal/pgserver/pgtest.
package pgtest
