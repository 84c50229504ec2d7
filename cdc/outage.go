package cdc

import (
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/protocol"
)

// remindAfter is how long a failure that was logged stays unsaid while it goes on.
const remindAfter = 5 * time.Minute

// outage knows what was logged of failures that are met again and again: each is
// logged once, and then seldom, with how often it was met. One goroutine owns it.
type outage struct {
	failures map[string]*failure // by their text, without numbers
}

// failure is one that was logged.
type failure struct {
	times int // since it was logged last
	since time.Time
	said  time.Time
}

// met reports whether a failure is to be logged, how often it was met since it last
// was, and since when it is met.
func (o *outage) met(err error, now time.Time) (log bool, times int, since time.Time) {
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
	if !f.said.IsZero() && now.Sub(f.said) < remindAfter {
		return false, f.times, f.since
	}
	times = f.times
	f.said, f.times = now, 0
	return true, times, f.since
}

// over forgets all failures: what comes now is a new outage.
func (o *outage) over() { o.failures = nil }

// log logs a failure, unless the same was logged a short while ago. A problem has its ID
// and its hint in the line.
func (o *outage) log(logger *slog.Logger, message string, err error, more ...any) {
	err = pgerror.Explain(err)
	now := time.Now()
	log, times, since := o.met(err, now)
	if !log {
		return
	}
	attrs := []any{"error", err}
	if problem, ok := errors.AsType[*protocol.Problem](err); ok {
		attrs = append(attrs, "problem", problem.ID, "to_do", problem.Hint)
	}
	if times > 1 {
		attrs = append(attrs, "times", times, "since", since.Format(time.TimeOnly))
	}
	logger.Warn(message, append(attrs, more...)...)
}
