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
// The tests of a package share one server, which [Start] starts when the first
// of them asks. Each test works in a database of its own. What belongs to a whole
// server, such as replication slots, roles and settings, is shared: name it after
// the test, or take a server of your own with [Separate].
//
// # Where the server comes from
//
// A container, where a Docker engine answers: image postgres:17-alpine, or the
// one that TABLEWIRE_TEST_POSTGRES_IMAGE names. Without an engine or the image,
// PostgreSQL's binaries, as package pgserver finds or fetches them.
// TABLEWIRE_TEST_POSTGRES=container or =binaries forces one of the two: then its
// failure is the test's. A major version there, such as 19, is that version from
// wherever it can be had. Every test's log says which it was.
//
// [StartVersion] has servers of a given major version, for what differs between
// them: from binaries of that version that the system has, else from fetched ones,
// else from a container of postgres:N-alpine. [Versions] lists what must be tried.
// [SeparateVersion] has servers of their own of a version, and [Server.Standby] a
// standby of one.
//
// There is no way to go on without PostgreSQL. Only -short skips the test.
//
// # What is guaranteed
//
// Servers have wal_level=logical, room for 20 WAL senders and 20 slots, and
// fsync=off. Their superuser is postgres, who needs no password. [Main] ends them when the tests have
// ended; if the test binary is killed, the system (binaries, on Linux) or
// testcontainers' reaper (containers) does.
//
// A server keeps its address when it is stopped and started again.
package pgtest
