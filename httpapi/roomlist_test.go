package httpapi

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestRoomListCache asks for lists from many sides at once.
func TestRoomListCache(t *testing.T) {
	t.Parallel()

	t.Run("OneForAllWhoWait", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l := newRoomListCache()
			var version, made atomic.Int32
			text := func() []byte {
				made.Add(1)
				b := []byte{byte(version.Load())}
				time.Sleep(time.Second) // building takes that long
				return b
			}
			var asking sync.WaitGroup
			for i := range 100 {
				version.Store(int32(i))
				asking.Go(func() {
					if got := l.get(t.Context(), "p", text); got == nil || int(got[0]) < i {
						t.Errorf("a list of %v is given to who asked at %d", got, i)
					}
				})
				time.Sleep(100 * time.Millisecond)
			}
			asking.Wait()
			if n := made.Load(); n != 2 { // the first at once, the second 20 seconds later
				t.Errorf("%d lists were made", n)
			}
		})
	})

	t.Run("OfOneProject", func(t *testing.T) {
		t.Parallel()
		l := newRoomListCache()
		for _, project := range []string{"a", "b", "a"} {
			if got := l.get(t.Context(), project, func() []byte { return []byte(project) }); string(got) != project {
				t.Errorf("%s gets the list of %s", project, got)
			}
		}
	})

	t.Run("AFailureIsOver", func(t *testing.T) {
		t.Parallel()
		l := newRoomListCache()
		release, waiting := make(chan struct{}), make(chan []byte)
		go func() {
			defer func() { _ = recover() }()
			l.get(t.Context(), "p", func() []byte { <-release; panic("broken") })
		}()
		for len(l.building) == 0 { // until it is begun
			runtime.Gosched()
		}
		go func() { waiting <- l.get(context.Background(), "p", func() []byte { return []byte("good") }) }()
		close(release)
		<-waiting // with the one that failed, or the next
		if got := l.get(t.Context(), "p", func() []byte { return []byte("good") }); string(got) != "good" {
			t.Errorf("after a failure: %q", got)
		}
	})
}
