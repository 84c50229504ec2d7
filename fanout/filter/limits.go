package filter

// What one client may ask for. A filter is matched against every change of its
// collection, so that its size is somebody else's time.
const (
	MaxBytes   = 64 << 10 // length of the JSON object
	MaxClauses = 100      // comparisons, each side of an "__or__" counted
	MaxItems   = 1000     // items in one list of "in" or "notin"
)
