package cdc

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

func copyData(b []byte) []byte {
	m := []byte{'d', 0, 0, 0, 0}
	binary.BigEndian.PutUint32(m[1:], uint32(len(b)+4))
	return append(m, b...)
}

func xlog(message wire) []byte {
	return copyData(append(append([]byte{xLogData}, make([]byte, xLogDataHeader-1)...), message...))
}

func keepalive() []byte {
	return copyData(append([]byte{primaryKeepalive}, make([]byte, keepaliveLength-1)...))
}

// In an open transaction the server may send only keepalives for long: then it is not
// silent. A silent server ends the connection. The clock is a fake one.
func TestSilence(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		alive bool
		want  string // how the connection ends within a minute
	}{
		"keepalives in an open transaction": {true, "deadline exceeded"},
		"nothing in an open transaction":    {false, "silent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				r := &receiver{
					conn: ours, frontend: pgproto3.NewFrontend(ours, ours), confirmed: new(atomic.Uint64),
					statusInterval: time.Second, silenceLimit: 6 * time.Second, lastMessage: time.Now(), lastStatus: time.Now(),
				}
				var server sync.WaitGroup
				server.Go(func() { _, _ = io.Copy(io.Discard, theirs) }) // our status updates
				server.Go(func() {
					_, err := theirs.Write(xlog(begin(1)))
					for tc.alive && err == nil {
						time.Sleep(time.Second)
						_, err = theirs.Write(keepalive())
					}
				})
				free, full := make(chan *chunk, chunks), make(chan *chunk, chunks)
				free <- new(chunk)
				server.Go(func() {
					for c := range full {
						c.reset()
						free <- c
					}
				})
				err := r.receive(ctx, free, full)
				close(full)
				_, _ = ours.Close(), theirs.Close()
				server.Wait()
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("ended with %v, want %q", err, tc.want)
				}
			})
		})
	}
}
