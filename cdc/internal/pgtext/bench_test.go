package pgtext

import (
	"strings"
	"testing"

	"github.com/tablewire/tablewire/protocol/wal"
)

var benchmarks = []struct {
	name string
	typ  wal.Type
	text string
}{
	{"type=boolean", boolean, "t"},
	{"type=integer", int4, "184467"},
	{"type=numeric", numeric, "12345678.90"},
	{"type=float8", float8, "3.141592653589793"},
	{"type=float8/exponent", float8, "1.2345e+20"},
	{"type=uuid", builtinType(2950), "3f2504e0-4f89-11d3-9a0c-0305e82c3301"},
	{"type=timestamptz", timestamptz, "2024-05-06 07:08:09.123456+00"},
	{"type=text/len=20", text, "Ada Lovelace, Esq. 1"},
	{"type=text/len=1200", text, strings.Repeat("lorem ipsum ", 100)},
	{"type=jsonb", jsonb, `{"a": [1, 2, 3], "b": {"c": "d"}}`},
	{"type=integer[]/len=10", arrayOf(int4), "{1,2,3,4,5,6,7,8,9,10}"},
	{"type=text[]/len=4", arrayOf(text), `{plain,"two words","a\"b","c\\d"}`},
	{"type=composite", item, `(1,"a""b\\c,()","2020-01-01 00:00:00+00","{1,2}",1e+20)`},
	{"type=composite/nested", box, `("(1,"" "",,,NaN)","{""(1,\\""\\""\\""\\\\\\\\\\"",,{NULL},1)"",NULL}",1.50,t)`},
	{"type=geometry", geometryType, "0102000020E6100000020000009A9999999999B93F9A9999999999C93F333333333333E33F9A9999999999F13F"},
	{"type=hstore", hstoreType, `"a"=>"1", "b \"c\""=>NULL`},
}

func BenchmarkEncoder(b *testing.B) {
	for _, bb := range benchmarks {
		b.Run(bb.name, func(b *testing.B) {
			enc := Encoder(bb.typ)
			src, dst := []byte(bb.text), make([]byte, 0, 4096)
			b.ReportAllocs()
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				dst = enc(dst[:0], src)
			}
		})
	}
}

func TestEncoderAllocatesNothing(t *testing.T) {
	for _, bb := range benchmarks {
		enc := Encoder(bb.typ)
		src, dst := []byte(bb.text), make([]byte, 0, 4096)
		if n := testing.AllocsPerRun(100, func() { dst = enc(dst[:0], src) }); n != 0 {
			t.Errorf("%s: %v allocations", bb.name, n)
		}
	}
}
