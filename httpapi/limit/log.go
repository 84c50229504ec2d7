package limit

import (
	"sync"
	"time"
)

// LogInterval is the shortest time between two log lines of one [LogLimiter].
const LogInterval = 10 * time.Second

// LogLimiter limits log lines of one kind, which clients could cause without end: one
// line in a LogInterval says how often it has happened since the last line, and who was
// the last (the subject, an S). Its methods may be called concurrently.
type LogLimiter[S any] struct {
	mu      sync.Mutex
	pending int       // not in a line yet
	subject S         // of the last one
	logged  time.Time // when the last line was due
}

// Add counts one more. It returns how many the next line is about, which the caller must
// log at once, or 0 if no line is due yet.
func (l *LogLimiter[S]) Add(now time.Time, subject S) (count int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending++
	l.subject = subject
	return l.due(now)
}

// Flush returns the last subject and how many the next line is about if a line is due,
// and else 0.
func (l *LogLimiter[S]) Flush(now time.Time) (subject S, count int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.subject, l.due(now)
}

func (l *LogLimiter[S]) due(now time.Time) (count int) {
	if l.pending == 0 || !l.logged.IsZero() && now.Sub(l.logged) < LogInterval {
		return 0
	}
	count, l.pending, l.logged = l.pending, 0, now
	return count
}
