package cdc

import (
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/protocol"
)

// remindAfter is the least time between two log lines about the same failure.
const remindAfter = 5 * time.Minute

// failureLog limits the log lines about something that is tried again and again: it logs
// each failure once, and then seldom, with how often it occurred. One goroutine owns it.
type failureLog struct {
	// failures are by their text without digits: process IDs and ports differ each time.
	failures map[string]*failure
}

// failure counts the errors with one text.
type failure struct {
	times    int       // since it was last logged
	since    time.Time // when the first occurred
	loggedAt time.Time
}

// record counts a failure. It reports whether to log it, how often it occurred since it
// was last logged, and when it first did.
func (l *failureLog) record(err error, now time.Time) (log bool, times int, since time.Time) {
	key := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, err.Error())
	f := l.failures[key]
	if f == nil {
		if l.failures == nil || len(l.failures) > 100 {
			l.failures = map[string]*failure{}
		}
		f = &failure{since: now}
		l.failures[key] = f
	}
	f.times++
	if !f.loggedAt.IsZero() && now.Sub(f.loggedAt) < remindAfter {
		return false, f.times, f.since
	}
	times = f.times
	f.loggedAt, f.times = now, 0
	return true, times, f.since
}

// reset forgets all failures, once an attempt succeeds: the next failure is logged at once.
func (l *failureLog) reset() { l.failures = nil }

// log logs a failure, unless the same was logged less than remindAfter ago. The log line of
// a problem has its ID and its hint.
func (l *failureLog) log(logger *slog.Logger, message string, err error, attrs ...any) {
	err = pgerror.Explain(err)
	now := time.Now()
	log, times, since := l.record(err, now)
	if !log {
		return
	}
	line := []any{"error", err}
	if problem, ok := errors.AsType[*protocol.Problem](err); ok {
		line = append(line, "problem", problem.ID, "to_do", problem.Hint)
	}
	if times > 1 {
		line = append(line, "times", times, "since", since.Format(time.TimeOnly))
	}
	logger.Warn(message, append(line, attrs...)...)
}
