// Package pgtext turns the text form of PostgreSQL's values into JSON: what
// to_jsonb gives for the same value (PostgreSQL manual, "JSON Functions and
// Operators", to_jsonb), with no step in between. It knows types by
// [wal.Type] alone and reads no catalog.
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
// The text must come from a session with DateStyle ISO, IntervalStyle postgres, TimeZone
// UTC, bytea_output hex and extra_float_digits 1, and from a type's output function, as in
// the text format of the wire. A cast to text differs for a few types: it strips the
// blanks of character(n).
//
// # What differs from to_jsonb
//
//   - timestamptz ends in Z where to_jsonb has +00:00.
//   - json is passed through: to_jsonb drops duplicate keys and sorts the rest.
//   - A composite's fields keep their order, where jsonb sorts keys; there are no
//     blanks between tokens. Both are the same JSON value.
//   - to_jsonb calls the function that casts a user's type to json, if there is one. Here
//     the value is a string, except for two types that are known: the extension hstore's,
//     and PostGIS' geometry, which becomes GeoJSON. A geometry that PostGIS refuses to
//     cast is a string. See [CastToJSON].
//
// # Guarantees
//
// An encoder is total: it appends a text that does not have its type's syntax as a JSON
// string. So the result is valid JSON whatever the input is, except that json and jsonb
// pass through. It is always valid UTF-8: other bytes, which a database with the encoding
// SQL_ASCII may have, become U+FFFD. An encoder only appends to dst, does not keep its
// input, may be called concurrently, and allocates nothing except to grow dst. It unquotes
// values nested in arrays and composites in dst's free space: dst may grow by the text's
// length once for each level of nesting, and shrinks again.
//
// An array, composite or hstore with a syntax error becomes a string as a whole, and so
// does a composite with another number of fields than its type. An element or field that
// does not have its own type's syntax is a string alone. Encoders do not check that the
// rows of an array are equally long.
package pgtext
