// Package catalog knows the collections: which tables of a database are exposed, what
// they look like, and why others are not exposed.
//
//	clients ──Resolve, Unsent, Why──► Catalog ──Sync, Columns, Types──► Database
//	stream ──Observe, Generation, TakeUnseen──► │
//	stream ──Resolver────────────────────────────────Columns, Types──► Source
//
// A [Catalog] answers clients, from what it knows or from the database. It also takes in
// each version of a table that the stream has described, so that clients and the stream
// speak of the same [wal.Relation]. A [Resolver] makes relations: one is the catalog's,
// and the stream has one of its own, whose questions never wait behind a client's
// where the two have a connection each.
//
// # Guarantees
//
//   - All methods of a Catalog may be called concurrently.
//   - Many clients who ask for the same at once cause one question to the database, and
//     names that are not known cause four looks at the list of tables a second at most.
//   - A table's relation stays the same pointer until its columns, its types or its name
//     change: who has compiled something for it need not compare.
//   - Config.Dropped and Config.Interrupted are called before Refresh returns, in no
//     order between tables.
//
// # What callers owe
//
// Whoever owns the stream calls [Catalog.Refresh] and [Catalog.ReviewTypes] at intervals,
// [Catalog.Observe] for each relation that the stream has made, and [Catalog.TakeUnseen]
// when the stream has moved on. A Catalog has no goroutine of its own.
//
// # Testing
//
// A Database is an interface: a test embeds it in a struct that has the methods which are
// called. The tests of package cdc hold the catalog and the stream against real servers.
package catalog
