package filter

import (
	"fmt"
	"math/bits"
	"testing"

	"github.com/tablewire/tablewire/fanout/filter/value"
	"github.com/tablewire/tablewire/protocol/wal"
)

// The ends of intervals may have equal sort keys: texts that begin alike, intervals of less
// than a day. A value is led to those that hold it all the same, not through all.
func TestIntervalsOfEqualSortKeys(t *testing.T) {
	t.Parallel()
	const intervals = 4096
	for name, tc := range map[string]struct {
		opclass *value.Opclass
		literal func(i int) string
	}{
		"texts":     {value.Text, func(i int) string { return fmt.Sprintf("customer-%08d", i) }},
		"intervals": {value.OpclassOf(&wal.Type{Kind: wal.KindOther, Base: 1186}), func(i int) string { return fmt.Sprintf("00:00:00.%06d", i) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compared := 0
			counting := *tc.opclass.Comparison
			counting.Compare = func(a, b value.Datum) int {
				compared++
				return tc.opclass.Compare(a, b)
			}
			end := func(i int) value.Datum {
				d, err := tc.opclass.Literal(tc.literal(i))
				if err != nil {
					t.Fatal(err)
				}
				return d
			}
			r := &newColumnIndex(&clause{opclass: &value.Opclass{Comparison: &counting}}).intervals
			for i := range intervals {
				low, high := end(10*i), end(10*i+9)
				r.put(&Handle{}, boundsOf(r.column.opclass, &low, &high))
			}
			for _, at := range []int{0, intervals / 2, intervals - 1} {
				compared = 0
				x := Index{generation: 1}
				r.match(&x, &parsedValue{datum: end(10*at + 5)})
				if len(x.matches) != 1 {
					t.Errorf("%d intervals hold the value of the %dth, want 1", len(x.matches), at)
				}
				// A treap is seldom three times as deep as it might be; each node takes three looks.
				if most := 9 * 2 * bits.Len(intervals); compared > most {
					t.Errorf("%d comparisons among %d intervals, want at most %d", compared, intervals, most)
				}
			}
		})
	}
}
