// Package catalog knows the collections: which tables of a database are exposed, what they
// look like, and why others are not.
//
//	clients ── Resolve, Exposed, Collections, Unsent, Why ──────┐
//	                                                         Catalog ──► Database
//	stream ─── Refresh, Observe, Generation, TakeUnseen, … ─────┘
//	stream ─── Relation, MarkKeys ─────────────────────────► Resolver ──► Source
//
// A [Catalog] answers clients, from what it knows or from the database. The stream gives it
// each relation that it makes ([Catalog.Observe]), so that clients and the stream use the
// same [wal.Relation]. A [Resolver] makes relations. The catalog has one, and the stream has
// one of its own: if the two have a connection each, the stream never waits for a client's
// question.
//
// # Guarantees
//
//   - All methods may be called concurrently.
//   - If many clients ask for the same table at once, the database is asked once. Unknown
//     names cause at most four refreshes a second.
//   - A table keeps its relation, the same pointer, until its columns, types or name change.
//   - Config.Interrupted and Config.Dropped are called before Refresh returns.
//
// # What callers owe
//
// The owner of the stream calls [Catalog.Open] once the slot exists, [Catalog.Refresh] and
// [Catalog.ReviewTypes] at intervals, [Catalog.Observe] for each relation that the stream
// makes, and [Catalog.TakeUnseen] whenever the stream has moved on. The functions of Config
// are called on the goroutine of whoever caused the refresh, which may be a client's: they
// must not call the catalog and must return soon. A Catalog has no goroutine of its own.
//
// # Testing
//
// [Database] is an interface: embed it in a struct, and give that the methods that the test
// needs. The tests of package cdc run the catalog and the stream against real servers.
package catalog
