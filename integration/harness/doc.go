// Package harness holds what the tests of the built binary share. Benchmarks of other
// packages use its load process, too. A test reads like this:
//
//	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
//	db.Run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
//	s := harness.Serve(t, db.URL, "the_slot")
//	c := harness.Subscribe(t, s, "t", nil)
//	db.Run(t, `INSERT INTO t VALUES (1)`)
//	c.Want(t, `{"event":"create","collection_id":"t","data":{"id":1}}`)
//	s.Stop(t)
//
// # Processes and servers
//
// [Binary] builds the program once for a test binary, with the race detector if the tests
// have it. [Start] runs it with any flags, [Serve] runs "tablewire serve" on free ports of
// this machine and waits until the server is ready. [Launch] runs any other command. A
// [Process] keeps its output. Its methods wait for lines of output and for the end, and measure
// processor time and memory. [Connect] opens the test's own connection to the database.
//
// # Clients
//
// There are three kinds of WebSocket client:
//
//   - A [Conn] keeps every message that comes and returns errors, so that goroutines and
//     property tests can use it. A [Client] is a Conn whose methods fail the test.
//   - A [RawConn] sends the bytes that it is given and nothing else, so it can break every
//     rule of RFC 6455. The [Attacks] use it.
//   - A [Load] is another process with thousands of such connections. What they cost is
//     then not counted for the server or the test.
//
// A [RowKeeper] applies events to rows, as docs/row-sets.md tells applications to do.
//
// # Load
//
// [StartLoad] starts the test binary again as the load process. So a package that uses it
// calls [LoadMain] first of all in TestMain:
//
//	func TestMain(m *testing.M) {
//		harness.LoadMain()
//		os.Exit(pgtest.Main(m))
//	}
//
// A load opens connections, sends, counts frames and measures how long a message takes. It
// can also disturb a server again and again by a nuisance, such as malformed frames, and it
// can be a sink: a server that does next to nothing, which shows what a nuisance costs the
// machine itself.
//
// # What holds for all
//
// Whatever a function starts ends with the test that it was given: processes are killed,
// connections closed, and the goroutines of both waited for. A wait ends the test after
// [Patience]. Processor time and memory are read in /proc, which only Linux has.
//
// Of this module, the package may import only protocol. It uses the program as operators and
// browsers do: by flags, signals and sockets.
package harness
