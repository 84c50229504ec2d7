package ws

import (
	"bytes"
	"slices"
	"testing"
)

func TestFrameGuard(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		sent []byte
		want *violation
	}{
		"Messages":       {bytes.Repeat(clientFrame(0x81, "text"), maxFrames+1), nil},
		"LongMessage":    {clientFrame(0x82, string(make([]byte, 70_000))), nil},
		"Close":          {clientFrame(0x88, "\x03\xe8"), nil},
		"ShortCloseCode": {clientFrame(0x88, "x"), shortCloseCode},
		"LongLength16":   {[]byte{0x81, 0x80 | 126, 0, 2, 0, 0, 0, 0, '{', '}'}, longLength},
		"LongLength64":   {[]byte{0x81, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0}, longLength},
		"ManyPings":      {bytes.Repeat(clientFrame(0x89, ""), maxFrames), nil},
		"TooManyPings":   {bytes.Repeat(clientFrame(0x89, "x"), maxFrames+1), tooManyFrames},
		"TooManyParts":   {bytes.Repeat(clientFrame(0x00, ""), maxFrames+1), tooManyFrames},
	} {
		if got := new(frameGuard).check(tt.sent, 1); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", name, got, tt.want)
		}
	}
	g := new(frameGuard)
	for tick := range uint32(10) {
		if v := g.check(bytes.Repeat(clientFrame(0x89, ""), maxFrames), tick); v != nil {
			t.Errorf("as many pings as allowed in tick %d: %+v", tick, v)
		}
	}
}

// FuzzFrameGuard: what is wrong with bytes does not depend on the pieces that they arrive in.
func FuzzFrameGuard(f *testing.F) {
	f.Add(clientFrame(0x81, "text"), uint8(3))
	f.Add(slices.Concat(clientFrame(0x01, "a"), clientFrame(0x89, "ping"), clientFrame(0x80, "b"), clientFrame(0x88, "x")), uint8(1))
	f.Add([]byte{0x81, 0x80 | 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, uint8(2))
	f.Add([]byte{0x81, 0x80 | 126, 0, 2, 0, 0, 0, 0}, uint8(7))
	f.Fuzz(func(t *testing.T, sent []byte, size uint8) {
		want := new(frameGuard).check(sent, 1)
		g := new(frameGuard)
		var got *violation
		for piece := range slices.Chunk(sent, int(size)+1) {
			if got = g.check(piece, 1); got != nil {
				break
			}
		}
		if got != want {
			t.Errorf("in pieces of %d: %+v, as a whole: %+v", int(size)+1, got, want)
		}
	})
}
