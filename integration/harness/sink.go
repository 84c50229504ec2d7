package harness

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

// sink listens as a server that costs as little as possible. A nuisance that is aimed at it
// costs only what the machine and its kernel take for the connections. The sink answers
// every upgrade, greets after the first message, closes at the second one with 4429 and
// waits for the client to go. It runs until the process ends.
func (p *loadProcess) sink(a *answer) error {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	a.Addr = l.Addr().String()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go swallow(conn)
		}
	}()
	return nil
}

func swallow(conn net.Conn) {
	defer conn.Close()
	const closeWait = 2 * time.Second // as the program waits
	_ = conn.SetReadDeadline(time.Now().Add(Patience))
	from := bufio.NewReaderSize(conn, 1<<10)
	if _, err := http.ReadRequest(from); err != nil {
		return
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	hello, err := from.Peek(2)
	if err != nil {
		return
	}
	if _, err := from.Discard(2 + 4 + int(hello[1]&0x7f)); err != nil { // header, mask, and a text of less than 126 bytes
		return
	}
	_, _ = io.WriteString(conn, "\x81\x12{\"event\":\"joined\"}")
	if _, err := from.Peek(1); err != nil {
		return
	}
	_, _ = from.Discard(from.Buffered())
	_, _ = io.WriteString(conn, "\x88\x02\x11\x4d") // 4429
	_ = conn.SetReadDeadline(time.Now().Add(closeWait))
	if _, err := from.Peek(1); err == nil { // the client goes on: it has not read the close frame
		time.Sleep(closeWait)
	}
}
