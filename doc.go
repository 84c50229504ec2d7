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
//	go server.Run(ctx)
//	return http.ListenAndServe(":8080", server.Handler())
//
// [New] checks the configuration and connects to nothing. [Server.Run] does the work and
// ends with its context: clients are sent away with close code 1012, then the replication
// slot's position is confirmed. [Server.Serve] does the same with listeners of its own, as
// the command tablewire has them. An application with routes of its own mounts
// [Server.Handler] or, with Gin, [Server.Routes].
//
// This package and package protocol are the promised surface of the module. All other
// packages may change at any time.
package tablewire
