// Package pgerror turns the errors of a PostgreSQL server, of its driver and of the network
// into problems that an operator can solve: a [protocol.Problem] with an ID and a hint.
//
// A condition is a situation that has such an ID, for example slot-in-use. Several errors of
// several versions may mean the same condition, and one SQLSTATE may stand for several.
// docs/troubleshooting.md lists the IDs; they never change.
//
//	explain.go       Explain: the way in. It asks condition.go about a server's error, and
//	                 explains a connection that failed itself
//	condition.go     Condition: the conditions and hints for each SQLSTATE
//	plugin.go        the output plugin is not allowed
//	pooler.go        a connection pooler is in between
//	url.go           CheckURL: the database URL can't be used
//	server_error.go  what a server said, without what may quote a row or a password
//	codes.go         the SQLSTATEs
//
// No text that it returns has a password or a row's values in it.
package pgerror
