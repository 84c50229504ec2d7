// Package filter decides which rows a subscriber sees. [Compile] turns a client's
// filters, a JSON object, into a [Filter]; [Filter.Match] evaluates it for a row
// of raw text values, as the replication stream delivers them.
//
//	parse   the JSON object as members, in its order
//	name    a member's name as columns, paths, operators and groups
//	class   how a type's literals and values are read, and compared
//	clause  column, operator, typed operands; all that matching needs
//	filter  an AND of ORs of clauses, canonical
//	index   many filters
//
// # Names
//
// A member is named field, field_op or field__op, where op is one of eq, ne, gt,
// gte, lt, lte, contains, startswith, endswith, in, notin, isnull; a field alone
// means eq. The longest column name wins where that can be read in two ways.
// [or]field puts its clause into one OR group, [or:name]field into a named one.
// a__or__b_contains is a group of its own, or part of the group it is put in; a
// part without an operator has the last part's. In a group a trailing _2, _3 and
// so on that is no column's only makes the name unique. A name that appears twice
// in the object is an error: JSON parsers differ in which they take.
//
// # Meaning
//
// A filter is the WHERE clause that it reads as: the literal, in quotes, is
// coerced to the column's type, without the column's length or precision.
//
//   - Text has COLLATE "C". contains is lower(col::text) LIKE '%' || lower('x') || '%'
//     with nothing special in x, by Unicode's simple case mapping. startswith and
//     endswith are LIKE on col::text.
//   - A number in the client's JSON that has a point or an exponent, compared with an
//     integer column, is that integer if it is whole: 18.0 is 18. "18.0" in quotes is
//     an error, as it is in SQL.
//   - in and notin are IN and NOT IN. A string is split at commas, and blanks
//     around an item are dropped; an array is taken verbatim. An empty list is an
//     error, as it is in SQL.
//   - isnull true is col IS NULL, isnull false is NOT col IS NULL; its literal is
//     whatever boolean takes.
//   - null on the right side of any other operator makes the clause NULL: it
//     matches nothing. In a list it does what it does in SQL.
//   - A timestamp without time zone, a date and a time leave the literal's zone
//     aside, as their input functions do; timestamptz takes UTC where there is none.
//   - Arrays of what has an order compare as PostgreSQL's own operators do, element
//     by element, texts by COLLATE "C".
//   - Ranges, row types, other arrays and all types that nothing is known of have eq,
//     ne, in and notin by their text form: col::text = 'x'.
//   - jsonb has eq, ne, in and notin with jsonb's equality; the literal is JSON in
//     a string, or a bare number or boolean. Its order is not offered: it has strings
//     by the database's collation. json has no equality.
//   - profile.a.b is (profile->'a'->>'b') COLLATE "C": text, whatever the JSON
//     holds, and NULL for JSON's null and what isn't there. A number in the
//     client's JSON, or an array of nothing else, makes the comparison numeric:
//     (profile->'a'->>'b')::numeric, where a text that is no number is NULL instead
//     of an error. So {"profile.age_gte": 18} compares numbers, {"profile.age_gte":
//     "18"} text. Members are not known beforehand: a path's last _in is the
//     operator; write profile.checked_in__eq for a member checked_in.
//   - citext is compared as the database's lower() folds it, which [protocol.Folding]
//     tells: col = 'x', col > 'x'::citext COLLATE "C", col LIKE 'x%'. Other types that
//     users and extensions made are compared by their text form, and have no order.
//
// Known differences from SQL: ranges, money, bits and row types are compared as
// PostgreSQL prints them. Dates and times are read in ISO 8601 and PostgreSQL's output form alone, bytea in hex, intervals in
// the postgres and ISO 8601 styles, addresses whole, arrays without bounds; other
// spellings are refused, never misread.
// JSON whose escapes PostgreSQL can't turn into text (\u0000, half a surrogate
// pair) raises no error.
//
// # What is not known
//
// Match is three-valued in a second sense: a value that did not travel
// (protocol.Absent, protocol.Unchanged) makes its clauses [Unknown], and the
// filter too unless the others decide. Yes and No are certain. Unknown may be
// said though the same value in two clauses would decide. An unchanged value that
// did not travel is not NULL, which decides isnull. A text that can't be read as
// its type, such as an enum's label that was added since, counts as unknown.
//
// # Cost and concurrency
//
// A Filter is never altered. Match does not allocate, except to unescape JSON
// strings on a path. It is linear in the length of the values, but for the search
// in a list. [MaxBytes], [MaxClauses] and [MaxItems] bound a filter.
//
// # The index
//
// [Index] finds which of many filters a row fulfils. A filter is filed under one of
// its groups, so that a row which leads to none of the group's places can't fulfil
// it, and is evaluated only where the row leads to it:
//
//	axis     what is filed under one column or path
//	buckets  a hash table: eq and in by the value, startswith and endswith by the
//	         text (affixes), contains by a run of its bytes (grams)
//	pair     a hash table of the values of two columns, for plain eq and in of which
//	         each has many filters
//	ranges   a tree of intervals: gt, gte, lt, lte; two plain clauses on one column
//	         make one interval
//	others   ne and notin: all but those that leave the value out
//	bag      a list, of which all are visited: isnull, and the filters that nothing
//	         leads to, such as contains with less than three bytes
//	access   which group is chosen: the one that leads there for the fewest rows of
//	         the sample, and whose places hold the fewest filters
//	cell     a column's text, read once for a row, whoever asks
//
// A filter that is visited in vain again and again is filed anew, by the sample as it
// is then.
//
// A value that is not known leads to all that is filed under its column. No list
// or table is ever rebuilt: lists grow and shrink by pages, and tables by segments.
//
// # Testing against it
//
// PostgreSQL is the oracle: TestDifferential generates tables and filters, and
// compares with the WHERE clause. -filter.pairs sets how many pairs of row and
// filter it compares, -filter.seed repeats a run. TestIndex holds an [Index] against
// asking every filter, -filter.index-pairs times.
package filter
