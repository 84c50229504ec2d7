// Package pgtext turns the text form of PostgreSQL's values into JSON: what
// to_jsonb gives for the same value (PostgreSQL manual, "JSON Functions and
// Operators", to_jsonb), with no step in between. It knows types by
// [protocol.Type] alone and reads no catalog.
//
//	type                             text              JSON
//	smallint, integer, bigint        42                42
//	real, double precision           1.5e+20           150000000000000000000
//	numeric                          1.50              1.50
//	NaN, Infinity of these           NaN               "NaN"
//	boolean                          t                 true
//	json, jsonb                      {"a": 1}          {"a": 1}
//	timestamp                        2024-05-06 07:08  "2024-05-06T07:08…"
//	timestamptz                      … 07:08:09+00     "2024-05-06T07:08:09Z"
//	arrays, int2vector, oidvector    {1,NULL}          [1,null]
//	composites                       (1,"a b",)        {"x":1,"y":"a b","z":null}
//	hstore                           "a"=>NULL         {"a":null}
//	geometry                         0101000000…       {"type":"Point","coordinates":[1,2]}
//	all others                       \x00ff            "\\x00ff"
//
// # The session
//
// The text must come from a session with DateStyle ISO, IntervalStyle postgres,
// TimeZone UTC, bytea_output hex and extra_float_digits 1, and from a type's
// output function, as in the text format of the wire. A cast to text is another
// thing for a few types: it strips the blanks of character(n).
//
// # What differs from to_jsonb
//
//   - timestamptz ends in Z where to_jsonb has +00:00.
//   - json is passed through: to_jsonb drops duplicate keys and sorts the rest.
//   - A composite's fields keep their order, where jsonb sorts keys; there are no
//     blanks between tokens. Both are the same JSON value.
//   - A type that somebody made and for which there is a function that casts it to
//     json is what that function gives in to_jsonb, and a string here, but for two that
//     are known: the extension hstore's, and PostGIS' geometry, which is GeoJSON. What
//     PostGIS refuses to cast is a string. See [CastToJSON].
//
// # Guarantees
//
// An encoder is total: what is not of its type's syntax is appended as a JSON
// string, and the result is valid JSON whatever the input, except that json and
// jsonb are not looked at. It is valid UTF-8 always: other bytes, which a database
// with the encoding SQL_ASCII may have, become U+FFFD. It only ever appends to dst, does not keep its input,
// may be called concurrently, and allocates nothing beyond growing dst. Values
// nested in arrays and composites are unquoted in dst's free space: dst may grow by
// the text's length once for each level of nesting, and shrinks again.
//
// What is malformed inside of an array, composite or hstore turns the whole value
// into a string, and so does a composite with another number of fields than its
// type; an element or field that is not of its own type's syntax is a string by
// itself. That the rows of an array are equally long is not checked.
package pgtext
