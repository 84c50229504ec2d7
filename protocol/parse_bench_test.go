package protocol_test

import (
	"strings"
	"testing"

	"github.com/tablewire/tablewire/protocol"
)

// fill repeats an element until a JSON array of it has about n bytes.
func fill(n int, element string) string {
	return "[" + strings.Repeat(element+",", n/(len(element)+1)) + element + "]"
}

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

func BenchmarkParseCommand(b *testing.B) {
	const long = 60_000
	for _, bm := range []struct{ name, message string }{
		{"bytes=32", `{"type":"message","content":"hi"}`},
		{"bytes=256", `{"type":"message","content":{"text":"` + strings.Repeat("Hello, World! ", 14) + `","n":1}}`},
		{"long=string", `{"type":"message","content":"` + strings.Repeat("x", long) + `"}`},
		{"long=escapes", `{"type":"message","content":"` + strings.Repeat(`\u00e9`, long/6) + `"}`},
		{"long=objects", `{"type":"message","content":` + fill(long, `{"id":123,"name":"Ada L."}`) + `}`},
		{"long=arrays", `{"type":"message","content":` + fill(long, nested(100)) + `}`},
		{"long=deep", `{"type":"message","content":` + fill(long, nested(protocol.MaxDepth-2)) + `}`},
		{"long=members", `{"type":"message"` + strings.Repeat(`,"a":1`, long/6) + `}`},
		{"long=wrong", `{"type":"message","content":` + fill(long, nested(100)) + `]`},
	} {
		b.Run(bm.name, func(b *testing.B) {
			message := []byte(bm.message)
			b.ReportAllocs()
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				_, clientErr := protocol.ParseCommand(message)
				if (clientErr != nil) != (bm.name == "long=wrong") {
					b.Fatal(clientErr)
				}
			}
		})
	}
}

func BenchmarkParseHello(b *testing.B) {
	for _, bm := range []struct{ name, message string }{
		{"filters=none", `{"api_key":"0123456789abcdef"}`},
		{"filters=some", `{"api_key":"0123456789abcdef","filters":{"age_gte":18,"status_in":["active","trial"]},"transitions":true}`},
		{"filters=long", `{"api_key":"0123456789abcdef","filters":{"id_in":` + fill(60_000, `"abcdefgh"`) + `}}`},
	} {
		b.Run(bm.name, func(b *testing.B) {
			message := []byte(bm.message)
			b.ReportAllocs()
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				if _, clientErr := protocol.ParseHello(message); clientErr != nil {
					b.Fatal(clientErr)
				}
			}
		})
	}
}
