package httpapi

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tablewire/tablewire/fanout"
)

// TestHandshakeNotRead: a client that does not read the handshake's answer, because answers
// to earlier requests fill the connection, does not count as a connection for long.
func TestHandshakeNotRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Config{Hub: fanout.New(fanout.Config{}), Collections: resolveFunc(onlyUsers), APIKey: testKey})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = s.Run(ctx) })
		l := pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
		server := http.Server{Handler: s.Handler(), ReadHeaderTimeout: time.Second}
		running.Go(func() { _ = server.Serve(l) })

		client, conn := net.Pipe() // without a buffer
		l.conns <- conn
		const upgrade = "GET /realtime/broadcast HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
		if _, err := io.Copy(client, strings.NewReader(upgrade)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := s.limits.Usage().Connections; n != 1 {
			t.Errorf("%d sockets, want the one that is being opened", n)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := s.limits.Usage().Connections; n != 0 {
			t.Errorf("after a minute %d sockets are counted", n)
		}

		_ = client.Close()
		_ = server.Close()
		cancel()
		running.Wait()
	})
}

// pipeListener accepts the connections that are sent to its channel.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l pipeListener) Close() error   { close(l.closed); return nil }
func (l pipeListener) Addr() net.Addr { return &net.TCPAddr{} }
