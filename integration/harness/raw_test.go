package harness

import (
	"bufio"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
)

// unmasked turns a frame of ClientFrame into one of a server.
func unmasked(first byte, payload string) []byte {
	f := ClientFrame(first, payload)
	header := f[:len(f)-len(payload)-4]
	header[1] &^= 0x80
	return append(slices.Clip(header), payload...)
}

func TestRawConn(t *testing.T) {
	t.Parallel()
	client, server := net.Pipe()
	c := &RawConn{client, bufio.NewReader(client)}
	pong := make(chan string, 1)
	go func() { // ends when both ends are closed
		defer server.Close()
		for _, n := range []int{0, 125, 126, 65535, 65536, 70000} {
			_, _ = server.Write(unmasked(frameText, strings.Repeat("x", n)))
		}
		_, _ = server.Write(unmasked(framePing, "are you there?"))
		answer := make([]byte, len(ClientFrame(framePong, "are you there?")))
		_, _ = server.Read(answer)
		pong <- string(answer)
		_, _ = server.Write(unmasked(frameClose, "\x11\x4d"))
	}()
	defer client.Close()
	for _, n := range []int{0, 125, 126} {
		if got, err := c.ReadText(); err != nil || len(got) != n {
			t.Errorf("ReadText returned %d bytes (error %v), want %d", len(got), err, n)
		}
	}
	for range 2 {
		if err := c.skipText(); err != nil {
			t.Errorf("skipText: %v", err)
		}
	}
	if got, err := c.ReadText(); err != nil || len(got) != 70000 {
		t.Errorf("ReadText returned %d bytes (error %v), want 70000", len(got), err)
	}
	if _, err := c.ReadText(); !errors.Is(err, ClosedError(4429)) {
		t.Errorf("ReadText returned the error %v, want close code 4429", err)
	}
	if got := <-pong; got != string(ClientFrame(framePong, "are you there?")) {
		t.Errorf("the answer to the ping is %q", got)
	}
}
