package cdc

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

func update(relation uint32, old, now []string) wire {
	return append(append(wire{'U'}.u32(relation), 'O').tuple(old), wire{'N'}.tuple(now)...)
}

func deleted(relation uint32, old []string) wire {
	return append(wire{'D'}.u32(relation), 'O').tuple(old)
}

// rowShape is a table with a row, before and after an update.
type rowShape struct {
	relation *wal.Relation
	row, now []string
}

// rowShapes are the tables that the benchmarks decode rows of.
func rowShapes() map[string]rowShape {
	narrow := rowShape{
		relation: table(1, "orders", oidInt8, oidText, oidNumeric, oidBool, oidTimestampTZ, oidJSONB, oidInt4),
		row:      []string{"123456789", "Ada Lovelace", "1234.50", "t", "2024-01-15 10:30:00.123+00", `{"city": "London", "tags": ["a", "b"]}`, "NULL"},
	}
	narrow.now = append([]string{}, narrow.row...)
	narrow.now[2], narrow.now[3] = "1000.00", "f"

	wide := rowShape{}
	var types []uint32
	for range 40 {
		types = append(types, oidInt8, oidText, oidNumeric, oidTimestampTZ, oidBool)
		wide.row = append(wide.row, "123456789", "a text of some length", "1234.50", "2024-01-15 10:30:00.123+00", "t")
	}
	wide.relation = table(1, "wide", types...)
	wide.now = append([]string{}, wide.row...)
	wide.now[1], wide.now[100] = "another text", "42"

	document := `{"name": "Ada Lovelace", "tags": ["a", "b"], "n": 1234.50, "escaped": "a \"b\" é"}`
	list := "[" + strings.Repeat(document+", ", 120) + document + "]"
	heavy := rowShape{table(1, "documents", oidInt8, oidJSONB), []string{"1", list}, []string{"1", "[" + list + "]"}}
	return map[string]rowShape{"narrow": narrow, "wide": wide, "json": heavy}
}

// messages of the three kinds that carry a whole row.
func (s rowShape) messages() map[string]wire {
	return map[string]wire{
		"insert": insert(1, s.row...),
		"update": update(1, s.row, s.now),
		"delete": deleted(1, s.row),
	}
}

// appendEvent appends a change as a subscriber without options receives it.
func appendEvent(dst []byte, label string, c *wal.Change) []byte {
	return protocol.AppendEvent(dst, protocol.Projection{CollectionJSON: label}, protocol.Outcome{Op: c.Op}, c)
}

// toFrames makes a decoder that makes a frame of each change, as a hub does for the
// first who wants it.
func toFrames(rel *wal.Relation, frames *[]wsframe.Frame) *decoder {
	var scratch []byte
	return newDecoder(func(batch *wal.Batch) error {
		for i := range batch.Changes {
			scratch = appendEvent(scratch[:0], `"table"`, &batch.Changes[i])
			*frames = append((*frames)[:0], wsframe.Text(scratch))
		}
		return nil
	}, rel)
}

func transactionOf(rows int, message wire) *chunk {
	c := chunkOf(begin(100))
	for range rows {
		c.add(message)
	}
	c.add(commit(100, 110))
	return c
}

// BenchmarkDecodeToFrame measures the way from pgoutput's messages to frames, for a table with
// 7 columns (narrow), with 200 (wide), and with one document of 10 KB (json). Updates and
// deletes have the whole old row, as with replica identity FULL.
func BenchmarkDecodeToFrame(b *testing.B) {
	for name, shape := range rowShapes() {
		for op, message := range shape.messages() {
			for _, rows := range []int{1, 100} {
				b.Run(fmt.Sprintf("row=%s/op=%s/rows=%d", name, op, rows), func(b *testing.B) {
					c := transactionOf(rows, message)
					var frames []wsframe.Frame
					d := toFrames(shape.relation, &frames)
					b.ReportAllocs()
					b.SetBytes(int64(len(c.buf)))
					for b.Loop() {
						d.progress.published = wal.Position{}
						if err := d.decodeChunk(b.Context(), c); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(b.N*rows)/b.Elapsed().Seconds(), "rows/s")
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
				})
			}
		}
	}
}

// Decoding a change allocates the frame and nothing else.
func TestDecodeAllocatesTheFrameAlone(t *testing.T) {
	const rows = 50
	for name, shape := range rowShapes() {
		for op, message := range shape.messages() {
			c := transactionOf(rows, message)
			var frames []wsframe.Frame
			d := toFrames(shape.relation, &frames)
			ctx := t.Context()
			n := testing.AllocsPerRun(20, func() {
				d.progress.published = wal.Position{}
				if err := d.decodeChunk(ctx, c); err != nil {
					t.Fatal(err)
				}
			})
			if n != rows {
				t.Errorf("%s %s: %v allocations for %d frames", name, op, n, rows)
			}
		}
	}
}
