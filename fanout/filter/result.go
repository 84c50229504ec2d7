package filter

// Result of matching a row against a filter.
type Result uint8

// The results, in the order of three-valued logic: AND is the least of its
// parts, OR the greatest.
const (
	No      Result = iota // the WHERE clause is false or NULL
	Unknown               // it hangs on a value that is not known
	Yes                   // the WHERE clause is true
)

func (r Result) String() string { return [...]string{"no", "unknown", "yes"}[r] }

func resultOf(yes bool) Result {
	if yes {
		return Yes
	}
	return No
}
