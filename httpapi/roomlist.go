package httpapi

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/tablewire/tablewire/protocol"
)

// listRooms answers with the project's rooms.
func (s *Server) listRooms(w http.ResponseWriter, r *http.Request) {
	p, status, clientErr := s.authenticateRequest(r, s.limits.ClientIP(r))
	if clientErr != nil {
		refuse(w, status, clientErr)
		return
	}
	text := s.roomLists.get(r.Context(), p.Project, func() []byte {
		return protocol.AppendRooms(nil, s.cfg.Rooms.List(p.Project))
	})
	if text == nil { // the client has gone, or building the list failed
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	// A client that does not read must not keep a long list alive.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.cfg.timeouts.Stall)) // not every writer has one
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, text)
}

// roomListCache builds the lists of rooms, which may be long. All who ask while a list is
// being built, or before the next one is due, share the next one. So nobody gets a list
// that is older than the question; and however many ask, building takes at most a
// twentieth of one core's time, and memory for few copies. Its methods may be called
// concurrently.
type roomListCache struct {
	mu   sync.Mutex
	next map[string]*roomList // by project; not begun yet

	building  chan struct{} // holds one value while a list is built: one at a time
	idleUntil time.Time     // no list is begun before; of the one who builds
}

func newRoomListCache() *roomListCache {
	return &roomListCache{next: make(map[string]*roomList), building: make(chan struct{}, 1)}
}

// roomList is one list of rooms, for all who wait for it.
type roomList struct {
	built chan struct{} // closed when text is there
	text  []byte        // nil if building it failed
}

// idleShare is how many times longer the cache pauses after a list than building it took.
const idleShare = 19

// get returns a project's list as build builds it after get was called. It returns nil if
// ctx ends before, or if building it failed.
func (l *roomListCache) get(ctx context.Context, project string, build func() []byte) []byte {
	l.mu.Lock()
	m := l.next[project]
	first := m == nil
	if first {
		m = &roomList{built: make(chan struct{})}
		l.next[project] = m
	}
	l.mu.Unlock()
	if first {
		l.build(project, m, build)
	}
	select {
	case <-m.built:
		return m.text
	case <-ctx.Done():
		return nil
	}
}

func (l *roomListCache) build(project string, m *roomList, build func() []byte) {
	l.building <- struct{}{}
	defer func() { <-l.building }()
	defer close(m.built)
	if wait := time.Until(l.idleUntil); wait > 0 {
		<-time.After(wait)
	}
	l.mu.Lock()
	delete(l.next, project) // whoever asks from now on gets another one
	l.mu.Unlock()
	began := time.Now()
	m.text = build()
	now := time.Now()
	l.idleUntil = now.Add(idleShare * now.Sub(began))
}
