package filter

import (
	"fmt"
	"math/bits"
	"testing"
)

// The ends of intervals may have equal ranks: texts that begin alike, intervals of less
// than a day. A value is led to those that hold it all the same, not through all.
func TestRangesOfEqualRanks(t *testing.T) {
	t.Parallel()
	const intervals = 4096
	for name, tc := range map[string]struct {
		of  *comparison
		end func(i int) datum
	}{
		"texts":     {texts, func(i int) datum { return datum{bytes: fmt.Appendf(nil, "customer-%08d", i)} }},
		"intervals": {pairs, func(i int) datum { return datum{low: int64(i)} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compared := 0
			counting := *tc.of
			counting.compare = func(a, b datum) int {
				compared++
				return tc.of.compare(a, b)
			}
			r := &newAxis(&clause{class: &class{comparison: &counting}}).ranges
			for i := range intervals {
				low, high := tc.end(10*i), tc.end(10*i+9)
				r.put(&Entry{}, boundsOf(r.axis.class, &low, &high))
			}
			for _, at := range []int{0, intervals / 2, intervals - 1} {
				compared = 0
				x := Index{turn: 1}
				r.match(&x, &reading{datum: tc.end(10*at + 5)})
				if len(x.hits) != 1 {
					t.Errorf("%d intervals hold the value of the %dth, want 1", len(x.hits), at)
				}
				// A treap is seldom three times as deep as it might be; each node takes three looks.
				if most := 9 * 2 * bits.Len(intervals); compared > most {
					t.Errorf("%d comparisons among %d intervals, want at most %d", compared, intervals, most)
				}
			}
		})
	}
}
