package cdc

import (
	"context"
	"math/rand/v2"
	"time"
)

// The delays between two attempts to connect: doubled each time, and jittered.
const (
	firstDelay = 100 * time.Millisecond
	maxDelay   = 10 * time.Second
)

// follow runs one session after the other until ctx ends. It returns an error if the
// first session fails before the stream is live.
func (s *Stream) follow(ctx context.Context) error {
	delay := firstDelay
	for {
		connected, confirmed := time.Now(), s.progress.confirmed.Load()
		err := s.session(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if why := lossReason(err); why != "" {
			s.recreateReason = why
		}
		wasLive := s.live.Swap(&liveness{err}).err == nil
		started, temporary := s.hasStarted(), isTemporary(err)
		if !started && isSlotActive(err) {
			if err := s.awaitSlot(ctx, err); err != nil || ctx.Err() != nil {
				return err
			}
			continue
		}
		if !started && !temporary {
			return err
		}
		// A session that failed at once, and got nowhere, is likely to do so again.
		if wasLive && (s.progress.confirmed.Load() != confirmed || time.Since(connected) > time.Minute) {
			delay = firstDelay
			s.failures.reset()
		}
		wait := delay/2 + rand.N(delay)
		delay = min(2*delay, maxDelay)
		if temporary {
			s.report(ctx, &s.failures, "the replication stream waits", err)
		} else {
			s.restarts.Add(1)
			s.report(ctx, &s.failures, "the replication stream was interrupted; it will be resumed", s.nameHolder(ctx, err), "retry_in", wait.Round(time.Millisecond))
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
	}
}
