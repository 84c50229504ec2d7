package integration

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
)

// bareReaderURL is the environment variable that makes this test binary a bare reader of
// the database at its URL.
const bareReaderURL = "TABLEWIRE_TEST_BARE_READER"

// bareReader returns the command of a process that reads the slot "bare" and does nothing
// with it: what any reader of the same changes costs.
func bareReader(ctx context.Context, url string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), bareReaderURL+"="+url)
	return cmd
}

// readBare reads the slot "bare" and drops the messages, until the process is killed.
func readBare(ctx context.Context, url string) error {
	conn, err := pgconn.Connect(ctx, url+"&replication=database")
	if err != nil {
		return err
	}
	err = pglogrepl.StartReplication(ctx, conn, "bare", 0, pglogrepl.StartReplicationOptions{
		PluginArgs: []string{"proto_version '1'", "publication_names 'wire_speed'"},
	})
	if err != nil {
		return err
	}
	raw, err := conn.Hijack()
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "reading")
	var read atomic.Uint64
	go func() { // ends with the process
		for range time.Tick(time.Second) {
			reply := binary.BigEndian.AppendUint64([]byte{'d', 0, 0, 0, 4 + 34, 'r'}, read.Load())
			reply = binary.BigEndian.AppendUint64(reply, read.Load())
			reply = append(reply, make([]byte, 8+8)...)
			_, _ = raw.Conn.Write(append(reply, 1)) // 1 requests a keepalive; if writing fails, so does reading
		}
	}()
	in := bufio.NewReaderSize(raw.Conn, 64<<10)
	for {
		header, err := in.Peek(6)
		if err != nil {
			return err
		}
		length := 1 + int(binary.BigEndian.Uint32(header[1:]))
		if header[0] == 'd' && header[5] == 'k' {
			message, err := in.Peek(14)
			if err != nil {
				return err
			}
			read.Store(binary.BigEndian.Uint64(message[6:]))
		}
		if _, err := in.Discard(length); err != nil {
			return err
		}
	}
}
