package tablewire

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// waking is a Waker of a queue that the test reads itself.
type waking struct{}

func (waking) Wake(*fanout.Queue) {}

func TestPublisher(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	p := newPublisher(fanout.New(fanout.Config{}), Limits{}, slog.New(slog.NewTextHandler(&log, nil)))
	var q fanout.Queue
	q.Init(1<<20, waking{})
	p.messages.Broadcast.Join(p.messages.Project, protocol.User{ID: "a"}, &q)
	b := &wal.Batch{}
	for _, m := range [][2]string{
		{"broadcast", `{"data":1}`}, {"broadcast", `secret{`}, {"room:none", `2`}, {"elsewhere", `3`}, {"broadcast", `{"user_id":"t","data":4}`},
	} {
		b.Messages = append(b.Messages, wal.Message{Prefix: wal.MessagePrefix + m[0], Content: []byte(m[1])})
	}
	if err := p.publish(b); err != nil {
		t.Fatal(err)
	}
	if sent, rejected := p.sent.Load(), p.rejected.Load(); sent != 3 || rejected != 2 {
		t.Errorf("%d sent and %d rejected, want 3 and 2", sent, rejected)
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 2 || strings.Contains(log.String(), "secret") {
		t.Errorf("the log has %d warnings, or tells what was said:\n%s", n, &log)
	}
	frames, _ := q.Take(nil)
	if len(frames) != 3 || !bytes.Contains(frames[1], []byte(`"data":1`)) || !bytes.Contains(frames[2], []byte(`"user_id":"t"`)) {
		t.Errorf("heard: %q", frames)
	}
}
