package ws

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tablewire/tablewire/internal/wsframe"
)

func TestWriteCursor(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		var frames []wsframe.Frame
		var want []byte
		for range 1 + rnd.IntN(20) {
			f := bytes.Repeat([]byte{byte(rnd.Uint32())}, 1+rnd.IntN(60))
			frames, want = append(frames, f), append(want, f...)
		}
		var got []byte
		p, buf := writeCursor{frames: slices.Clone(frames)}, make([]byte, 0, 50)
		for !p.done() {
			b := p.next(buf)
			n := rnd.IntN(len(b) + 1) // as much as the connection takes
			got = append(got, b[:n]...)
			p.advance(n)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("got %x\nwant %x", got, want)
		}
	}
}
