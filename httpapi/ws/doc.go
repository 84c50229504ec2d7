// Package ws is the WebSocket transport (RFC 6455): it upgrades requests, reads messages
// and writes frames. It knows no JSON, no keys, no limits' policy and no rooms. What a
// connection is for is its [Handler].
//
// # A connection's life
//
//	Transport.Upgrade   the handshake, in the HTTP handler, which then returns: so
//	  │                 net/http's goroutine and buffers are gone
//	Conn.serve          a goroutine of the transport's: the first message
//	  │
//	Conn.read           a fresh goroutine with a small stack, which only reads; the only
//	  │                 one that an idle connection has
//	Conn.finish         both directions have ended: TCP closed, Conn forgotten
//
// An idle connection costs 6 to 8 KB, of which 2 KB are the stack. Whoever changes the way
// from Conn.read down to shallowRead runs httpapi's BenchmarkIdleSocket, because a few more
// bytes on that way double the stack.
//
// # Reading
//
// The WebSocket library works on a libraryConn, which reads from the network through
// three layers: the readScheduler, which makes connections that flood take turns; raw
// access, which keeps the stack shallow (shallowRead); and the frameGuard, which stops what
// RFC 6455 forbids and the library lets pass. A message is read as a whole, and a text no
// further than the first byte that is not UTF-8.
//
// # Writing and backpressure
//
// Every byte after the handshake goes through the connection's [fanout.Queue], which is
// bounded in bytes; so does what the library says by itself. So nothing can interleave.
//
// A queue that wakes is put into the run queue of a few writers. A writer takes all that
// waits and hands it to the kernel with one system call that never blocks. What the kernel
// does not take at once goes to a goroutine of the connection's own, which lives until the
// queue is empty: only slow connections pay for being slow. A TLS connection is always
// written by such a goroutine.
//
// # Ends
//
//   - The client closes: its code is echoed, behind what was already queued.
//   - The server closes ([fanout.Queue.Close], [Conn.Fail], [Transport.Drain]): the close
//     frame is the last that is written. The client then has Timeouts.CloseAnswer to close.
//   - A client reads too slowly: what waits is dropped, a frame that is partly written is
//     completed, and close code 4008 follows. After Timeouts.SlowConsumer it is cut off.
//   - A peer that is not heard of for two ping intervals is cut off, and so is one whose
//     connection takes nothing for Timeouts.Stall.
//
// In each case Handler.Leave is called exactly once, by the goroutine that reads, and
// after it Handler.Closed.
//
// # What the caller owes
//
// [Transport.Run] must run for as long as connections are served. A handler's methods hold
// up only their own connection, but for [Handler] Closed, which may run in a writer or in the
// pinger and must not block.
//
// # Concurrency
//
// There is no lock order: a connection's state is atomic, and no lock of this package is
// held while a queue's or another is taken. A connection may have its turn (see readScheduler) while it
// takes a lock, but never waits for a turn under a lock, and ends its turn before anything
// that may take long without a processor.
//
// # Testing
//
// The package's own tests have a handler that sends back what it gets. [Timeouts] can be
// made short. [Transport.Each] and [Conn.Queue] show a server's end of a connection to
// tests of the layers above.
package ws
