package wsframe_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

// The header's three forms, at their edges (RFC 6455, section 5.2).
func TestText(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 125, 126, 0xffff, 0x10000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			message := bytes.Repeat([]byte{'x'}, n)
			f := wsframe.Text(message)
			if f[0] != 0x81 {
				t.Errorf("first byte %#x, want FIN and the text opcode", f[0])
			}
			length, header := int(f[1]), 2
			switch f[1] {
			case 126:
				length, header = int(binary.BigEndian.Uint16(f[2:])), 4
			case 127:
				length, header = int(binary.BigEndian.Uint64(f[2:])), 10
			}
			if length != n || len(f) != header+n {
				t.Errorf("the header says %d bytes, want %d", length, n)
			}
			if cap(f) != len(f) {
				t.Errorf("%d bytes of memory for a frame of %d", cap(f), len(f))
			}
			if !bytes.Equal(f.Payload(), message) {
				t.Error("the payload differs from the message")
			}
		})
	}
}

func TestCloseFitsAControlFrame(t *testing.T) {
	t.Parallel()
	f := wsframe.Close(protocol.CloseSlowConsumer, string(bytes.Repeat([]byte{'x'}, 500)))
	if len(f.Payload()) != 125 {
		t.Errorf("payload of %d bytes, want 125", len(f.Payload()))
	}
	if code := binary.BigEndian.Uint16(f.Payload()); code != 4008 {
		t.Errorf("code %d", code)
	}
}
