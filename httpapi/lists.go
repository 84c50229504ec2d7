package httpapi

import (
	"context"
	"sync"
	"time"
)

// lists makes the lists of rooms, which may be long. Who asks while one is being
// made or while the next is due shares the next with all others who do: so nobody
// gets a list that is older than the question, and however many ask, the making
// takes no more than a twentieth of one core's time, and the memory few copies.
// Its methods may be called concurrently.
type lists struct {
	mu   sync.Mutex
	next map[string]*list // by project; not begun yet

	turn chan struct{} // holds one value while a list is made: one at a time
	rest time.Time     // until when none is begun; of who has the turn
}

func (l *lists) init() {
	l.next = make(map[string]*list)
	l.turn = make(chan struct{}, 1)
}

// list is one list of rooms, for all who wait for it.
type list struct {
	made chan struct{} // closed when text is there
	text []byte        // nil when making it failed
}

// idleShare is how many times as long as a list has taken none is made after it.
const idleShare = 19

// get gives a project's list as make makes it after get was called; nil when ctx
// ends before it is there.
func (l *lists) get(ctx context.Context, project string, text func() []byte) []byte {
	l.mu.Lock()
	m := l.next[project]
	first := m == nil
	if first {
		m = &list{made: make(chan struct{})}
		l.next[project] = m
	}
	l.mu.Unlock()
	if first {
		l.make(project, m, text)
	}
	select {
	case <-m.made:
		return m.text
	case <-ctx.Done():
		return nil
	}
}

func (l *lists) make(project string, m *list, text func() []byte) {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	defer close(m.made)
	if wait := time.Until(l.rest); wait > 0 {
		<-time.After(wait)
	}
	l.mu.Lock()
	delete(l.next, project) // whoever asks from now on gets another
	l.mu.Unlock()
	began := time.Now()
	m.text = text()
	now := time.Now()
	l.rest = now.Add(idleShare * now.Sub(began))
}
