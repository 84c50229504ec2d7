// Package httpapi is Tablewire's side towards browsers: the sockets, health,
// metrics and the few HTTP routes around them. It mounts into a Gin application
// that already exists ([Server.Routes]) or serves by itself ([Server.Handler]).
//
// # A socket's life
//
//	handler          the HTTP handler: origin, upgrade; returns at once, so that
//	  │              net/http's goroutine and buffers are gone
//	session.open     a goroutine of ours: first message, key, collection, filter,
//	  │              then the hub's "connected"
//	session.read     a fresh goroutine with a small stack, which only reads; the
//	  │              only one that an idle socket has
//	finish           both directions have ended: TCP closed, socket forgotten
//
// A session's panic over a message is logged with its stack and costs that socket
// alone (1011). An idle socket costs 6 to 8 KB, of which 2 KB are the stack: whoever
// changes the way from session.read to the waiting in shallowRead runs
// BenchmarkIdleSocket, because a few more bytes on it double the stack.
//
// What a socket is for is its kind: a watch of a collection, a broadcast or a
// room. Authentication, pings, errors, limits and draining belong to the
// session and are the same for all.
//
// # Writing
//
// Every byte after the handshake goes through the socket's [fanout.Queue], also
// what the WebSocket library says by itself: the connection that it is given is
// a socket whose Write queues. So nothing can interleave.
//
// A queue that wakes is put into the run queue of a few writers. A writer takes
// all that waits and hands it to the kernel with one system call that never
// blocks. What the kernel does not take at once goes to a goroutine of the
// socket's own, which lives until the queue is empty: only slow sockets pay for
// being slow. A TLS connection is written by such a goroutine always.
//
// # Ends
//
//   - The client closes: its code is echoed, after what was already queued.
//   - The server closes ([fanout.Queue.Close], draining, an error): the close frame
//     is the last that is written. The client then has two seconds to close too.
//   - A client reads too slowly: what waits is dropped, a frame that is partly
//     written is completed, close code 4008 follows; a few seconds later the
//     connection is cut.
//   - A peer that is not heard of for two ping intervals, or whose connection takes
//     nothing for ten seconds, is cut.
//
// In each case the subscription is given up exactly once, by the goroutine that reads.
//
// # What the caller owes
//
//   - [Server.Run] must run for as long as sockets are served. Before its context is
//     ended, [Server.Drain] sends clients away in good order.
//   - The http.Server needs a ReadHeaderTimeout, a ReadTimeout, a WriteTimeout, an
//     IdleTimeout, and [Server.ConnState]: or else requests that dawdle cost without
//     bound. None of these reaches a socket once it is open.
//   - The handler must see the path as it came: an http.ServeMux around it would
//     clean a collection's name that looks like a path.
//   - Health and metrics stand on a handler of their own ([Server.Admin]), which is
//     not for the public: it has profiles too.
//
// Lock order: none. A socket's state is atomic, and no lock of this package is
// held while a queue or another lock is taken. A lane, which a socket that is sent more
// than it takes goes on in, is held while others are, and never waited for under one;
// it is given up before anything that may take long without a processor.
package httpapi
