package fanout_test

import (
	"fmt"
	"runtime"
	"strconv"
	"testing"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

// sink is a Waker that remembers the queues, and empties them all on drain.
type sink struct {
	awake  []*fanout.Queue
	frames []wsframe.Frame
}

func (s *sink) Wake(q *fanout.Queue) { s.awake = append(s.awake, q) }

func (s *sink) drain() {
	for _, q := range s.awake {
		for {
			s.frames, _ = q.Take(s.frames[:0])
			if len(s.frames) == 0 {
				break
			}
			for _, f := range s.frames {
				q.Written(len(f))
			}
		}
	}
	s.awake = s.awake[:0]
}

// BenchmarkRooms compares 10,000 rooms of 2 members with one room of 20,000: it sends a
// message of 256 bytes to each room, without sockets. It also reports the memory of a
// room with its members.
func BenchmarkRooms(b *testing.B) {
	const sockets = 20_000
	for _, people := range []int{2, sockets} {
		rooms := sockets / people
		b.Run(fmt.Sprintf("rooms=%d/people=%d", rooms, people), func(b *testing.B) {
			s := &sink{}
			all := fanout.NewRooms(fanout.RoomsConfig{})
			queues := make([]fanout.Queue, sockets)
			ids := make([]string, sockets)
			for i := range ids {
				ids[i] = strconv.Itoa(i)
			}
			members := make([]*fanout.Member, 0, sockets)
			before := heap()
			for i := range queues {
				queues[i].Init(1<<20, s)
				user := ids[i]
				if people > 2 {
					user = "one" // else each join would be sent to all before
				}
				member, err := all.Join(fanout.JoinRequest{
					Project: "p", Room: protocol.Room{ID: ids[i/people], Title: ids[i/people]}, Create: true,
					User: protocol.User{ID: user, Name: user}, Queue: &queues[i],
				})
				if err != nil {
					b.Fatal(err)
				}
				members = append(members, member)
				s.drain()
			}
			weight := heap() - before
			content := []byte(`"` + fmt.Sprintf("%254d", 0) + `"`)
			for b.Loop() {
				for i := 0; i < sockets; i += people {
					all.SendFrom(members[i], content)
				}
				s.drain()
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/sockets, "ns/delivery")
			b.ReportMetric(float64(weight)/sockets, "B/socket")
			runtime.KeepAlive(queues)
		})
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
