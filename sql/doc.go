// Package sql holds every statement that Tablewire sends to the user's database,
// as files that can be read, printed and reviewed, and the functions that run them.
//
// setup/ has what changes the database: the publication, and nothing else; the
// replication slot is made by a replication command, and setup/slot.sql is its
// equivalent for making it by hand. catalog/ has what is only read.
//
// A [Database] owns one ordinary connection, made when it is first needed and
// again when it was lost. It is safe for concurrent use; statements queue up.
// Errors are PostgreSQL's own, wrapped with what was being done.
package sql
