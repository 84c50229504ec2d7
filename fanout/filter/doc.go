// Package filter decides which rows a subscriber sees. [Compile] turns a client's filters, a JSON
// object, into a [Filter]. [Filter.Match] evaluates it for a row of raw text values, as the
// replication stream has them. [Index] finds which of hundreds of thousands of filters match a
// row, and evaluates few of them.
//
// The language, in the order in which a client's object goes through it:
//
//	parse.go, literal.go     the JSON object as members, and their values
//	name.go, op.go           a member's name as columns, paths and operators
//	compile.go, group.go     groups of clauses, and their limits
//	clause.go                clause: a column, an operator, typed operands
//	filter.go                Filter: an AND of ORs of clauses, in a canonical form
//	clause_match.go, needle.go
//	                         whether a clause holds for a row
//	result.go, limits.go     No, Unknown, Yes; what a client may ask for
//	valueerror.go            an error without the client's values, for the log
//
// How the values of a type are read and compared is [value]'s, the package below.
//
// The index, from the outside in:
//
//	index.go                 Index, Handle, Match
//	planner.go, cost.go      which access path leads a row to a filter
//	evaluate.go              evaluating the filters that a row leads to
//	columnvalue.go           the row's values, each parsed once; pathtrie.go, those of paths
//	sample.go                some rows, for the planner to estimate by
//	columnindex.go           all filters that are found by one column or path:
//	    hashindex.go             eq, in
//	    affixindex.go            startswith, endswith
//	    ngramindex.go            contains
//	    intervaltree.go          gt, gte, lt, lte
//	    exclusions.go            ne, notin
//	compositeindex.go        filters that are found by two columns at once
//	postings.go              a list of filters: all of these are made of such lists
//	pagedlist.go, extendiblehash.go, shrinkmap.go, idtable.go
//	                         containers, which grow and shrink with their items
//
// # Names
//
// A member's name is field, field_op or field__op, where op is one of eq, ne, gt, gte, lt, lte,
// contains, startswith, endswith, in, notin, isnull. A field alone means eq. If a name can be read
// in two ways, the longest column name wins. [or]field puts a clause into one OR group,
// [or:name]field into a named one. a__or__b_contains is a group of its own, or part of the group
// that its prefix names; a part without an operator has the last part's. In a group, a trailing
// _2, _3 and so on that is no part of a column's name only makes the member's name unique. A name
// that appears twice in the object is an error, because JSON parsers differ in which one they
// take.
//
// # Meaning
//
// A filter is the WHERE clause that it reads as. The literal, in quotes, is coerced to the
// column's type, without the column's length or precision.
//
//   - Text has COLLATE "C". contains is lower(col::text) LIKE '%' || lower('x') || '%' with nothing
//     special in x, by Unicode's simple case mapping. startswith and endswith are LIKE on
//     col::text.
//   - A number in the client's JSON that has a point or an exponent and is compared with an
//     integer column is that integer if it is whole: 18.0 is 18. In quotes, "18.0" is an error, as
//     it is in SQL.
//   - in and notin are IN and NOT IN. A string is split at its commas, without the blanks around
//     the items; an array is taken as it is. An empty list is an error, as it is in SQL.
//   - isnull true is col IS NULL, and isnull false is NOT col IS NULL. Its literal is whatever
//     boolean takes.
//   - With null as the operand of any other operator the clause is NULL: it matches nothing. In a
//     list null does what it does in SQL.
//   - A timestamp without time zone, a date and a time ignore the literal's zone, as their input
//     functions do. timestamptz takes UTC if there is none.
//   - Arrays whose elements have an order compare as PostgreSQL's own operators compare them,
//     element by element, texts by COLLATE "C".
//   - Ranges, row types, other arrays and unknown types have eq, ne, in and notin, by the cast to
//     text: col::text = 'x'.
//   - jsonb has eq, ne, in and notin, with jsonb's equality. The literal is JSON in a string, or a
//     bare number or boolean. jsonb's order is not offered: it depends on the database's
//     collation. json has no equality.
//   - profile.a.b is (profile->'a'->>'b') COLLATE "C": text, whatever the JSON holds, and NULL if
//     it is null or missing. A number in the client's JSON, or an array of numbers, makes the
//     comparison numeric: (profile->'a'->>'b')::numeric, where a text that is no number is NULL
//     instead of an error. So {"profile.age_gte": 18} compares numbers, {"profile.age_gte": "18"}
//     texts. Nobody knows the members beforehand, so a path's last _in is the operator; write
//     profile.checked_in__eq for a member checked_in.
//   - citext is compared as the database's lower() folds it, which [wal.Folding] says: col = 'x',
//     col > 'x'::citext COLLATE "C", col LIKE 'x%'. Other types of users and extensions are
//     compared by their cast to text, and have no order.
//
// Known differences from SQL: ranges, money, bits and row types are compared as PostgreSQL prints
// them. Dates and times are read in ISO 8601 and PostgreSQL's output format alone, bytea in hex,
// intervals in the postgres and ISO 8601 styles, addresses whole, arrays without bounds. Other
// spellings are refused, never misread. JSON whose escapes PostgreSQL can't turn into text
// (\u0000, half a surrogate pair) raises no error.
//
// # Unknown values
//
// Match is three-valued. A value that the log lacks (wal.Absent, wal.Unchanged) makes its clauses
// [Unknown], and the filter too unless other clauses decide. Yes and No are certain. A filter may
// be Unknown although the same value in two of its clauses would decide. An unchanged value is not
// NULL, which decides isnull. A text that can't be read as its type, such as an enum's label that
// was added since, makes its clauses Unknown as well.
//
// # Cost and concurrency
//
// A Filter is never altered and safe for concurrent use; an Index belongs to one goroutine. The
// package starts no goroutine. [Filter.Match] and [Index.Match] allocate only to take out the
// escapes of JSON strings and array elements, and for the matches and buffers that they keep for
// the next row. They are linear in the length of the values, but for the search in a list.
// [MaxBytes], [MaxClauses] and [MaxItems] bound a filter.
//
// # How the index works
//
// A filter matches only if all its groups do. So an index files it under one group alone, the one
// that the fewest rows lead to: each clause of the group has postings in the index of its column.
// A row is looked up in each column's index, and the filters that it leads to are evaluated. A
// value that is unknown leads to all filters of its column. The planner chooses the group by a
// sample of rows, and by how many filters share the postings' keys. It also considers two clauses
// on one column that make an interval, and two clauses of eq or in on two columns. A filter that
// is evaluated in vain again and again is planned again, by the sample as it is then.
//
// The filters that no row can be led to, such as contains with less than three bytes, are
// evaluated for every row: [Index.Scanned] counts them.
//
// # Testing against it
//
// PostgreSQL is the oracle: TestDifferential generates tables and filters, and compares with the
// WHERE clause. -filter.pairs sets how many pairs of a row and a filter it compares, -filter.seed
// repeats a run. The oracle of an [Index] is evaluating every filter: TestIndex compares
// -filter.index-pairs pairs, FuzzIndexMachine any sequence of calls.
package filter
