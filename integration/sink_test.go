package integration

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

// sink is a server that costs as little as one can: what a nuisance does to others
// while it is aimed at the sink is what the machine and its kernel take for it, and no
// doing of ours. It answers every upgrade, greets who says something and then closes; it
// takes no more, and waits for the peer to go.
func (c *crew) sink(r *report) error {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	r.Addr = l.Addr().String()
	go func() { // until the process ends
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
	const closeWait = 2 * time.Second // as the server has it
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	from := bufio.NewReaderSize(conn, 1<<10)
	if _, err := http.ReadRequest(from); err != nil {
		return
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	hello, err := from.Peek(2)
	if err != nil {
		return
	}
	if _, err := from.Discard(2 + 4 + int(hello[1]&0x7f)); err != nil { // its header, mask and text, which is short
		return
	}
	_, _ = io.WriteString(conn, "\x81\x12{\"event\":\"joined\"}")
	if _, err := from.Peek(1); err != nil {
		return
	}
	_, _ = from.Discard(from.Buffered())
	_, _ = io.WriteString(conn, "\x88\x02\x11\x4d") // 4429
	_ = conn.SetReadDeadline(time.Now().Add(closeWait))
	if _, err := from.Peek(1); err == nil { // it goes on: so it has not read the close frame
		time.Sleep(closeWait)
	}
}
