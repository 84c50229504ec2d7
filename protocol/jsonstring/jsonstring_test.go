package jsonstring_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tablewire/tablewire/protocol/jsonstring"
)

func FuzzAppend(f *testing.F) {
	for _, s := range []string{"", "plain", "\"\\/", "\x00\x01\x1f\x7f", "a\b\f\n\r\tz", "\u2028\u2029", "é日本🎉", "\xff\xfe", "ab\xc3", "\ufffd"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := jsonstring.Append(nil, s)
		var back string
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatalf("%q became %s: %v", s, got, err)
		}
		if want := strings.ToValidUTF8(s, "\uFFFD"); utf8.ValidString(s) && back != want {
			t.Errorf("%q became %s, which reads %q", s, got, back)
		}
		if !utf8.Valid(got) {
			t.Errorf("%q became %q, which is no UTF-8", s, got)
		}
	})
}
