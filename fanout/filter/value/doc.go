// Package value reads and compares the values of PostgreSQL's types in Go, as PostgreSQL itself
// does: it is what package filter knows of types. It has no notion of filters, columns or rows.
//
// [OpclassOf] returns the [Opclass] of a type. A client's literal becomes a [Datum] by
// [Opclass.Literal], a row's text by the opclass's Read. The functions of its [Comparison] then
// take both alike, whatever the type is.
//
//	opclass.go      Opclass: how a type's values are read, compared and hashed
//	types.go        OpclassOf: which type has which opclass
//	datum.go        Datum: a value in a form that compares fast
//	comparison.go   Comparison, and those that types share
//	hash.go         keyed hashes
//	errors.go       the errors about a client's literal
//
// Most types have a file of their own:
//
//	bool.go integer.go unsigned.go float.go numeric.go
//	text.go bytea.go uuid.go enum.go network.go
//	date.go time.go timestamp.go interval.go    by moment.go, calendar.go and scanner.go
//	fold.go         citext, which folds case as its database does
//	array.go        arrays of all these, by arrayreader.go and arrayliteral.go
//	json.go         jsonb; jsonpath.go follows a path into it, by jsonscan.go
//	othertypes.go   row types and unknown types
//
// # Guarantees
//
//   - Literal takes what the type's input function takes, or refuses it. It never reads a
//     literal as another value than PostgreSQL would. Dates and times are read in ISO 8601 and in
//     PostgreSQL's output format alone, bytea in hex, intervals in the postgres and ISO 8601
//     styles, addresses whole, arrays without bounds.
//   - Read takes what PostgreSQL prints with DateStyle = ISO, IntervalStyle = postgres,
//     bytea_output = hex, extra_float_digits = 1 and TimeZone = UTC, and returns false for what it
//     can't read. On any bytes it neither panics nor reads past the end.
//   - Equal values, in the sense of the type's = operator, compare as 0 and have the same hash
//     and sort key, however they are written. With [Opclass.HasOrder], Compare has the order of
//     the type's < operator, texts by COLLATE "C".
//   - Read, Compare, Hash and SortKey take time linear in the length of the values. They don't
//     allocate, except to take out the escapes of array elements and of JSON strings.
//   - Nothing here is altered once it is made. All of it may be used concurrently. The package
//     starts no goroutine.
//
// A datum refers to the text that it was read from: whoever keeps it longer than the text
// calls [Datum.Clone].
//
// # Testing against it
//
// PostgreSQL is the oracle, by way of package filter, whose TestDifferential, TestLiterals and
// TestCitext compare with a server. TestOrder here lists the values of each type in their order
// and needs no server; FuzzRead holds the laws that tie Compare, Hash and SortKey together.
// To count what is done, a test makes an opclass of its own whose functions call another one's.
package value
