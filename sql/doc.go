// Package sql holds every statement that Tablewire sends to the user's database, as files
// that people can read, print and review, and the functions that run them.
//
//	setup/    what changes the database: the publication, and nothing else
//	catalog/  what only reads
//	doctor/   what only reads, for an examination (package cdc/doctor)
//
// A replication command creates the slot (package cdc); setup/slot.sql does the same by hand.
//
// A [Database] is what the stream and the catalog of package cdc ask. It does not import
// that package: the types that both share are in protocol/pgcatalog and protocol/wal.
//
// # Guarantees
//
//   - A Database has one ordinary connection. It connects when a statement first needs that,
//     and again when the connection was lost.
//   - Its methods may be called concurrently. Statements run one at a time, in no order
//     between callers, and each within ten seconds, the wait for others included.
//   - [Database.Sync] never adds a table whose own UPDATE or DELETE would fail then, and
//     takes out one that has become so. It never alters a publication that another server
//     or person keeps. It waits half a second for a lock at most, because others would wait
//     behind it, and tries again at the next call.
//   - [Database.Inspect] sees what Sync would see, and alters nothing.
//   - What somebody else does to the publication is undone once, with a warning, and then
//     left.
//
// # Errors
//
// Errors are PostgreSQL's own, wrapped with what was being done. The conditions that an
// operator can mend are a *protocol.Problem. cdc.Explain makes one of PostgreSQL's errors.
//
// # Testing
//
// The tests run every statement on real servers of all supported versions, from package
// pgtest. What a hint tells the operator to run, they run.
package sql
