package cdc

import (
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/protocol"
)

// remindAfter is the least time between two lines about the same failure.
const remindAfter = 5 * time.Minute

// outage limits the lines about failures of something that is tried again and again: it
// logs each failure once, and then seldom, with how often it occurred. One goroutine owns
// it.
type outage struct {
	failures map[string]*failure // by their text without digits
}

// failure is one that occurred in the outage.
type failure struct {
	times    int // since it was last logged
	since    time.Time
	loggedAt time.Time
}

// record counts a failure. It reports whether to log it, how often it occurred since it
// was last logged, and when it first did.
func (o *outage) record(err error, now time.Time) (log bool, times int, since time.Time) {
	key := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1 // process ids and ports differ each time
		}
		return r
	}, err.Error())
	f := o.failures[key]
	if f == nil {
		if o.failures == nil || len(o.failures) > 100 {
			o.failures = map[string]*failure{}
		}
		f = &failure{since: now}
		o.failures[key] = f
	}
	f.times++
	if !f.loggedAt.IsZero() && now.Sub(f.loggedAt) < remindAfter {
		return false, f.times, f.since
	}
	times = f.times
	f.loggedAt, f.times = now, 0
	return true, times, f.since
}

// end forgets all failures: the next one begins a new outage.
func (o *outage) end() { o.failures = nil }

// log logs a failure, unless the same was logged less than remindAfter ago. The line of a
// problem has its ID and its hint.
func (o *outage) log(logger *slog.Logger, message string, err error, attrs ...any) {
	err = pgerror.Explain(err)
	now := time.Now()
	log, times, since := o.record(err, now)
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
