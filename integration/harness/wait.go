package harness

import (
	"context"
	"testing"
	"time"
)

// Patience is how long the harness waits for what must come. Only a failure takes it.
const Patience = 30 * time.Second

// Eventually calls holds every 20 ms until it returns true. It fails the test after
// [Patience], with what as the description. It is for what can only be asked: for all that
// is announced, wait for the announcement.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("this did not become true: %s", what)
		}
	}
}

// background is a context that outlives the test's own one, for what cleanups end.
func background(t testing.TB) context.Context { return context.WithoutCancel(t.Context()) }
