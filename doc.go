// Package tablewire streams the changes of a PostgreSQL database to browsers.
//
// A [Server] follows the database's write-ahead log through a replication slot, and
// serves its tables as collections: a client opens a WebSocket, says which rows it wants
// to see, and gets each change of them. The same server carries a broadcast and chat
// rooms. What goes over the wire is in package protocol and in docs/wire.md.
//
//	server, err := tablewire.New(tablewire.Config{DatabaseURL: url, APIKey: key})
//	if err != nil {
//		return err
//	}
//	listener, err := net.Listen("tcp", "127.0.0.1:8080")
//	if err != nil {
//		return err
//	}
//	return server.Serve(ctx, listener, nil)
//
// [New] checks the configuration and connects to nothing. [Server.Serve] does the work and
// ends with its context: clients are sent away with close code 1012, then the replication
// slot's position is confirmed. An application with routes of its own mounts
// [Server.Handler] or, with Gin, [Server.Routes], and calls [Server.Run].
//
// The errors of New, Run and Serve that a person can mend are of type *protocol.Problem; its
// Hint says what to do.
//
// This package and package protocol are the promised surface of the module. All other
// packages may change at any time.
package tablewire
