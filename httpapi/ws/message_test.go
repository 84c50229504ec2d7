package ws

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// FuzzReadMessage reads a message in pieces: it must be what was sent, or be refused
// where utf8.Valid refuses it, and no later than with the piece that makes it so.
func FuzzReadMessage(f *testing.F) {
	for _, s := range []string{"", "plain", "κόσμε", "\xf0\x9f\x98\x80", "\xf0\x9f\x98", "a\xff", "\xed\xa0\x80", "\x80", "é\xc3"} {
		f.Add([]byte(s), uint64(1))
	}
	f.Fuzz(func(t *testing.T, message []byte, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 1))
		pieces := &piecemeal{rest: message, size: func() int { return 1 + random.IntN(5) }}
		for name, r := range map[string]io.Reader{"Pieces": pieces, "Bytes": iotest.OneByteReader(bytes.NewReader(message)), "Whole": bytes.NewReader(message)} {
			var buf bytes.Buffer
			err := readMessage(&buf, websocket.TextMessage, r)
			switch valid := utf8.Valid(message); {
			case valid && (err != nil || !bytes.Equal(buf.Bytes(), message)):
				t.Errorf("%s: %q is read as %q, %v", name, message, buf.Bytes(), err)
			case !valid && !errors.Is(err, errNotUTF8):
				t.Errorf("%s: %q is no UTF-8: %v", name, message, err)
			case !valid && name == "Bytes" && !couldGoOn(buf.Bytes()[:buf.Len()-1]):
				t.Errorf("%q is refused only at %q", message, buf.Bytes())
			}
		}
		var buf bytes.Buffer
		if err := readMessage(&buf, websocket.BinaryMessage, bytes.NewReader(message)); err != nil || !bytes.Equal(buf.Bytes(), message) {
			t.Errorf("binary %q is read as %q, %v", message, buf.Bytes(), err)
		}
	})
}

// couldGoOn reports whether there is UTF-8 that begins with p.
func couldGoOn(p []byte) bool {
	for _, end := range []string{"", "\x80", "\x80\x80", "\x80\x80\x80", "\xbf", "\xbf\x80", "\xbf\x80\x80", "\x9f\x80", "\xa0\x80", "\x90\x80\x80", "\x8f\x80\x80"} {
		if utf8.Valid(append(bytes.Clone(p), end...)) {
			return true
		}
	}
	return false
}

// piecemeal gives a few bytes at a time.
type piecemeal struct {
	rest []byte
	size func() int
}

func (p *piecemeal) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.size())], p.rest)
	p.rest = p.rest[n:]
	return n, nil
}
