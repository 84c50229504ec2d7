package pgoutput

import (
	"bytes"
	"errors"
	"testing"
)

// FuzzDecode holds every decoder to: no panic, only *SyntaxError, and what was
// accepted encodes to the same bytes.
func FuzzDecode(f *testing.F) {
	for _, g := range golden {
		f.Add(unhex(f, g.hex))
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		_, _ = RelationOID(msg)
		m, err := decode(msg)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("%T: %v", err, err)
			}
			if syntax.Offset < 0 || syntax.Offset > len(msg) {
				t.Fatalf("byte %d of %d", syntax.Offset, len(msg))
			}
			return
		}
		switch m := m.(type) {
		case Row:
			if len(m.New)+len(m.Old) > len(msg) {
				t.Fatalf("%d values of %d bytes", len(m.New)+len(m.Old), len(msg))
			}
		case Relation, TypeDesc, Truncate, Message:
			// Flags that mean nothing and a schema that is spelled out are dropped.
			return
		}
		if again := encode(msg[0], m); !bytes.Equal(again, msg) {
			t.Fatalf("%x\nencoded again: %x", msg, again)
		}
	})
}
