package filter

// The limits of a filter. It is evaluated for the changes of its collection, so its size costs
// everybody's time.
const (
	MaxBytes   = 64 << 10 // bytes of the JSON object
	MaxClauses = 100      // comparisons; each side of an "__or__" counts
	MaxItems   = 2000     // items in all lists of in and notin together
)
