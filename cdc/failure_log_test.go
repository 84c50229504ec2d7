package cdc

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// A failure that lasts is logged once, and then seldom, with how often it occurred. Another
// failure is logged at once. Digits do not make another failure.
func TestFailureLog(t *testing.T) {
	t.Parallel()
	var l failureLog
	now := time.Date(2026, 11, 30, 6, 0, 0, 0, time.UTC)
	met := func(text string) string {
		log, times, since := l.record(errors.New(text), now)
		if !log {
			return ""
		}
		return fmt.Sprintf("%s: %d since %s", text, times, since.Format(time.TimeOnly))
	}
	want := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("logged %q, want %q", got, want)
		}
	}
	want(met("active for PID 1"), "active for PID 1: 1 since 06:00:00")
	for pid := range 5 {
		now = now.Add(50 * time.Second)
		want(met(fmt.Sprint("active for PID ", pid)), "")
	}
	want(met("refused"), "refused: 1 since 06:04:10")
	want(met("refused"), "")
	now = now.Add(50 * time.Second)
	want(met("active for PID 9"), "active for PID 9: 6 since 06:00:00")
	want(met("active for PID 9"), "")
	l.reset()
	want(met("active for PID 9"), "active for PID 9: 1 since 06:05:00")
	for i := range 1000 {
		met(fmt.Sprintf("%c%c", 'a'+i%26, 'a'+i/26))
	}
	if len(l.failures) > 101 {
		t.Errorf("%d failures are remembered", len(l.failures))
	}
}
