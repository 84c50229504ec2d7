package pgoutput

import (
	"bytes"
	"errors"
	"testing"
)

// FuzzDecode checks that no decoder panics, that all errors are a *SyntaxError, and that an
// accepted message encodes to the same bytes.
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
			// Decoding drops unused flags and a schema name that could be empty.
			return
		}
		if again := encode(msg[0], m); !bytes.Equal(again, msg) {
			t.Fatalf("%x\nencoded again: %x", msg, again)
		}
	})
}
