package filter

// Result is what a filter says of a row.
type Result uint8

// The results, in the order of three-valued logic: an AND is the least of its parts, an OR the
// greatest.
const (
	No      Result = iota // the WHERE clause is false or NULL
	Unknown               // a value that is not known decides
	Yes                   // the WHERE clause is true
)

func (r Result) String() string { return [...]string{"no", "unknown", "yes"}[r] }

func resultOf(yes bool) Result {
	if yes {
		return Yes
	}
	return No
}
