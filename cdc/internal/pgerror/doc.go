// Package pgerror turns the errors that a PostgreSQL server, its driver or the way to it
// gives into named conditions for the operator: a [protocol.Problem] with a hint.
//
// No text that it returns has a password or a row's values in it.
package pgerror
