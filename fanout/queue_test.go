package fanout_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

// wakes is a Waker that counts.
type wakes struct {
	mu sync.Mutex
	n  int
}

func (w *wakes) Wake(*fanout.Queue) {
	w.mu.Lock()
	w.n++
	w.mu.Unlock()
}

func (w *wakes) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.n
}

func newQueue(limit int) (*fanout.Queue, *wakes) {
	q, w := &fanout.Queue{}, &wakes{}
	q.Init(limit, w)
	return q, w
}

func frame(s string) wsframe.Frame { return wsframe.Frame(s) }

func texts(frames []wsframe.Frame) []string {
	s := []string{}
	for _, f := range frames {
		s = append(s, string(f))
	}
	return s
}

func TestQueue(t *testing.T) {
	t.Parallel()
	closing := string(wsframe.Close(protocol.CloseSlowConsumer, "slow consumer"))

	t.Run("gives what was pushed, in order, and wakes once", func(t *testing.T) {
		t.Parallel()
		q, w := newQueue(100)
		q.Push(frame("a"))
		q.Push(frame("b"), frame("c"))
		got, last := q.Take(nil)
		if diff := cmp.Diff([]string{"a", "b", "c"}, texts(got)); diff != "" || last {
			t.Errorf("last %v\n%s", last, diff)
		}
		q.Push(frame("d")) // still awake: the writer will come again
		if w.count() != 1 {
			t.Errorf("woken %d times", w.count())
		}
		got, _ = q.Take(got[:0])
		if diff := cmp.Diff([]string{"d"}, texts(got)); diff != "" {
			t.Error(diff)
		}
		if got, _ = q.Take(nil); len(got) != 0 {
			t.Errorf("%q was left", texts(got))
		}
		q.Push(frame("e"))
		if w.count() != 2 {
			t.Errorf("woken %d times, want again after it fell asleep", w.count())
		}
	})

	t.Run("a full queue drops what waits and ends", func(t *testing.T) {
		t.Parallel()
		q, _ := newQueue(10)
		if !q.Push(frame("12345678")) {
			t.Error("refused what fits")
		}
		if q.Push(frame("abc")) {
			t.Error("accepted what does not fit")
		}
		got, last := q.Take(nil)
		if diff := cmp.Diff([]string{closing}, texts(got)); diff != "" || !last {
			t.Errorf("last %v\n%s", last, diff)
		}
		if q.Push(frame("x")) {
			t.Error("accepted after the end")
		}
		if code, closed := q.Closed(); code != protocol.CloseSlowConsumer || !closed {
			t.Errorf("closed %v with %d", closed, code)
		}
	})

	t.Run("taken frames count until they are written", func(t *testing.T) {
		t.Parallel()
		q, _ := newQueue(10)
		q.Push(frame("12345678"))
		q.Take(nil)
		if q.Bytes() != 8 {
			t.Errorf("%d bytes wait", q.Bytes())
		}
		q.Written(8)
		if !q.Push(frame("12345678")) {
			t.Error("refused what fits again")
		}
	})

	t.Run("an empty queue accepts a frame of any length", func(t *testing.T) {
		t.Parallel()
		q, _ := newQueue(10)
		if !q.Push(frame(strings.Repeat("x", 1000))) {
			t.Error("refused")
		}
	})

	t.Run("one oversized frame may wait with others", func(t *testing.T) {
		t.Parallel()
		q, _ := newQueue(10)
		long := frame(strings.Repeat("x", 1000))
		for _, accepted := range []bool{q.Push(frame("12345")), q.Push(frame("a"), long, frame("b")), q.Push(frame("c"))} {
			if !accepted {
				t.Fatal("refused what a client that reads can get")
			}
		}
		got, _ := q.Take(nil)
		if len(got) != 5 || q.Bytes() != 1008 {
			t.Fatalf("%d frames, %d bytes", len(got), q.Bytes())
		}
		q.Written(1000) // a part of the oversized frame
		if !q.Push(frame("d")) {
			t.Error("refused what fits with the rest of it")
		}
		q.Written(9)
		if !q.Push(long) {
			t.Error("refused the next one, though the first is written")
		}
		if q.Push(long) {
			t.Error("accepted two at once")
		}
	})

	t.Run("an oversized frame makes no room for short ones", func(t *testing.T) {
		t.Parallel()
		for _, counted := range []int{4, 5} {
			q, _ := newQueue(10)
			q.Push(frame("12345"))
			if ok := q.Push(frame(strings.Repeat("x", 11)), frame("12345")); !ok {
				t.Error("refused what fits")
			}
			if ok := q.Push(frame(strings.Repeat("y", counted-4))); ok != (counted == 4) {
				t.Errorf("%d more bytes: accepted %v", counted-4, ok)
			}
		}
		q, _ := newQueue(10)
		q.Push(frame("12345"))
		if q.Push(frame("123"), frame("456")) {
			t.Error("accepted short frames that do not fit together")
		}
	})

	t.Run("the written part of an oversized frame makes no room either", func(t *testing.T) {
		t.Parallel()
		q, _ := newQueue(10)
		q.Push(frame(strings.Repeat("x", 1000)))
		q.Take(nil)
		q.Written(950)
		if !q.Push(frame("1234567890")) {
			t.Error("refused what fits")
		}
		if q.Push(frame("a")) {
			t.Error("accepted what does not fit")
		}
	})

	t.Run("closing writes what waits, then the close frame, once", func(t *testing.T) {
		t.Parallel()
		q, _ := newQueue(100)
		q.Push(frame("a"))
		q.Close(protocol.CloseRestart, "bye", frame("b"))
		q.Close(protocol.CloseNormal, "again")
		got, last := q.Take(nil)
		want := []string{"a", "b", string(wsframe.Close(protocol.CloseRestart, "bye"))}
		if diff := cmp.Diff(want, texts(got)); diff != "" || !last {
			t.Errorf("last %v\n%s", last, diff)
		}
	})

	t.Run("an abandoned queue is empty", func(t *testing.T) {
		t.Parallel()
		q, _ := newQueue(100)
		q.Push(frame("a"), frame("b"))
		q.Abandon()
		if got, last := q.Take(nil); len(got) != 0 || !last {
			t.Errorf("gave %q, last %v", texts(got), last)
		}
	})
}

// In any order of operations, the taken frames are a prefix of the accepted ones, and what
// waits exceeds the limit by at most one oversized frame, or one push into an empty queue.
// A writer that writes everything at once never has its queue closed.
func TestQueueAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 64).Draw(t, "limit")
		q, w := newQueue(limit)
		var accepted, out []string
		held, n, beside := 0, 0, 0
		ended := false
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				var frames []wsframe.Frame
				var names []string
				size := 0
				for range rapid.IntRange(1, 4).Draw(t, "frames") {
					s := fmt.Sprintf("%d%s", n, strings.Repeat(" ", rapid.SampledFrom([]int{0, 0, 5, 80}).Draw(t, "pad")))
					n++
					size += len(s)
					frames, names = append(frames, frame(s)), append(names, s)
				}
				before := q.Bytes()
				switch ok := q.Push(frames...); {
				case ok && ended:
					t.Fatal("accepted after the end")
				case !ok && !ended && (before == 0 || before+size <= limit):
					t.Fatalf("refused %d bytes, %d wait, of %d", size, before, limit)
				case ok:
					if beside = max(beside, size); q.Bytes() > limit+beside {
						t.Fatalf("%d bytes wait, of %d and one push of %d", q.Bytes(), limit, beside)
					}
					accepted = append(accepted, names...)
				default:
					ended = true
				}
			},
			"take": func(*rapid.T) {
				got, _ := q.Take(nil)
				for _, f := range got {
					held += len(f)
					if f[0]&0x80 == 0 {
						out = append(out, string(f))
					}
				}
			},
			"written": func(*rapid.T) {
				q.Written(held)
				held = 0
			},
			"": func(t *rapid.T) {
				if len(out) > len(accepted) || cmp.Diff(accepted[:len(out)], append([]string{}, out...)) != "" && len(out) > 0 {
					t.Fatalf("took %q of %q", out, accepted)
				}
				if q.Bytes() < 0 {
					t.Fatalf("%d bytes", q.Bytes())
				}
			},
		})
		if n > 0 && w.count() == 0 {
			t.Fatal("nobody was woken")
		}
	})
}
