package filter

// What one client may ask for. A filter is matched against every change of its
// collection, so that its size is somebody else's time.
const (
	MaxBytes   = 64 << 10 // length of the JSON object
	MaxClauses = 100      // comparisons, each side of an "__or__" counted
	MaxItems   = 2000     // items in all lists of "in" and "notin" together
)
