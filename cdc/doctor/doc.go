// Package doctor examines a database as a user of Tablewire has it, and says all at once what
// keeps a server from starting, what a server would lose, and what an operator should know.
//
// It tries what a server does: it opens a replication connection, creates a temporary
// replication slot, and reads no row of each table that matches. It changes nothing, and
// leaves nothing behind. Each probe has a time limit, and one that fails, as for a role that
// lacks a privilege, is a finding of its own.
//
// The judgement is in pure functions of what was read: see examination. Every finding is a
// [protocol.Problem], whose ID docs/troubleshooting.md lists. The ones that also stop a
// server are those of package cdc.
package doctor
