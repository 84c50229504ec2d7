package filter

import "math"

// The costs compare access paths of one filter. A row of the sample that the path leads to
// counts most. Where the sample doesn't decide, and before there is one, the cost is the number
// of filters that share the postings' key, or for an interval a share of all intervals. The
// constants add to that what kind of path it is, so that an equality comes first as long as
// there are few filters.
const (
	costRow = 1 << 20 // a row of the sample

	costComposite    = 16 // so many filters may share one value before a pair of values is tried
	maxCompositeKeys = 16
	costAffix        = 4
	costNgram        = 8
	costInterval     = 8
	costHalf         = 32 // an interval with one end
	costNull         = 32
	costShort        = 64 // a prefix or suffix of one or two bytes
	costNotNull      = 64
	costScan         = math.MaxInt // no path

	shareInterval = 32 // one of so many intervals with two ends holds a value
	shareHalf     = 2  // one of so many intervals with one end holds a value
)
