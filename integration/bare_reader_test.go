package integration

import (
	"bufio"
	"context"
	bytesof "encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
)

// bareReaderURL is where this binary, started again, finds what to read and do
// nothing else.
const bareReaderURL = "TABLEWIRE_TEST_BARE_READER"

func bareReader(ctx context.Context, url string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), bareReaderURL+"="+url)
	return cmd
}

// readBare reads the slot "bare" until it is killed: the messages are thrown away.
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
	go func() { // it ends with the process
		for range time.Tick(time.Second) {
			reply := bytesof.BigEndian.AppendUint64([]byte{'d', 0, 0, 0, 4 + 34, 'r'}, read.Load())
			reply = bytesof.BigEndian.AppendUint64(reply, read.Load())
			reply = append(reply, make([]byte, 8+8)...)
			_, _ = raw.Conn.Write(append(reply, 1)) // a keepalive is asked for; if it fails, so does reading
		}
	}()
	in := bufio.NewReaderSize(raw.Conn, 64<<10)
	for {
		header, err := in.Peek(6)
		if err != nil {
			return err
		}
		length := 1 + int(bytesof.BigEndian.Uint32(header[1:]))
		if header[0] == 'd' && header[5] == 'k' {
			message, err := in.Peek(14)
			if err != nil {
				return err
			}
			read.Store(bytesof.BigEndian.Uint64(message[6:]))
		}
		if _, err := in.Discard(length); err != nil {
			return err
		}
	}
}
