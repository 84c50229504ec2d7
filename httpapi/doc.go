// Package httpapi is Tablewire's side towards browsers: the realtime endpoints, the plain
// HTTP routes around them, health and metrics. It mounts into an application that already
// exists ([Server.Routes] for Gin, [Server.Realtime] for net/http) or serves by itself
// ([Server.Handler]).
//
// # The packages below
//
//	httpapi         sessions, endpoints, routes, origins, health, metrics
//	httpapi/auth    who a key belongs to
//	httpapi/limit   what clients may take; client addresses behind proxies
//	httpapi/ws      the WebSocket transport: reading, writing, pinging, closing
//
// Imports point down: httpapi knows all three, and none of them knows another.
//
// # A session's life
//
//	Server.connect      the route's handler: is it an upgrade, is the origin allowed
//	Server.open         do the limits admit it; the handshake
//	session.First       the first message: parse, authenticate, endpoint.join
//	session.Message     each later one: charge, parse, answer or endpoint.command
//	session.Leave       endpoint.leave, which takes back what join did
//	session.Closed      counted, and its place given back
//
// What a session is for is its endpoint: a collection, the broadcast or a room.
// Authentication, pings, errors, limits and draining are the same for all. A new endpoint
// is a type with four methods and a route; a new transport calls the session as package ws
// does.
//
// # Guarantees
//
//   - A client's first message is answered with exactly one of: the endpoint's own answer, an
//     error and a close code, or code 1012 ("try again").
//   - A join is taken back exactly once, however the connection ends.
//   - A panic over a message is logged with its stack and ends that connection alone (1011).
//   - Error texts and close codes that clients see are those of package protocol, and of the
//     tables in docs/limits.md. Reasons that name tables or hosts reach the log alone.
//
// # Backpressure
//
// Nothing here waits for a client. What is sent to it waits in its bounded queue
// ([Config.QueueBytes]), and a client whose queue is full is closed with 4008. What it sends
// is charged before it is parsed.
//
// # What the caller owes
//
//   - [Server.Run] must run for as long as clients are served. Before its context is ended,
//     [Server.Drain] sends them elsewhere in good order.
//   - The http.Server needs a ReadHeaderTimeout, a ReadTimeout, a WriteTimeout, an
//     IdleTimeout and [Server.ConnState]: else requests that take their time cost without
//     bound. None of these reaches a connection once it is upgraded.
//   - The handler must see the path as it came: an http.ServeMux around it would clean a
//     collection's name that looks like a path.
//   - Metrics, profiles and a backend's routes are on a handler of their own
//     ([Server.Admin]), which is not for the public.
//
// # Testing against it
//
// A Server needs a [fanout.Hub] that runs and a [Collections], which a test can fake in a
// few lines: see the example of the package. An httptest.Server with Handler does the rest.
// testdata/answers.txt has the exact answers to plain requests; package
// protocol has the messages.
package httpapi
