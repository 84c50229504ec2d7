package fanout

import (
	"context"
	"slices"
	"time"
)

// This file removes rooms that have been empty for RoomsConfig.EmptyTTL.

// expiry is the time at which a room is removed if it is still empty.
type expiry struct {
	room *room
	due  time.Time
}

// schedule has an empty room looked at when its time is up. A room that is scheduled
// already stays where it is: when its expiry is due, it is scheduled again if need be.
func (r *Rooms) schedule(rm *room, emptySince time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !rm.scheduled {
		rm.scheduled = true
		r.insert(expiry{rm, emptySince.Add(r.cfg.EmptyTTL)})
	}
}

// insert inserts an expiry by time, which is nearly always at the end. r.mu is held.
func (r *Rooms) insert(e expiry) {
	at, _ := slices.BinarySearchFunc(r.expiries, e.due, func(x expiry, due time.Time) int { return x.due.Compare(due) })
	r.expiries = slices.Insert(r.expiries, at, e)
	if at == 0 {
		select {
		case r.earlier <- struct{}{}:
		default:
		}
	}
}

// Run removes rooms that stayed empty for EmptyTTL, until ctx ends. Its error is nil.
func (r *Rooms) Run(ctx context.Context) error {
	for {
		var due <-chan time.Time
		if next, ok := r.expire(time.Now()); ok {
			due = time.After(time.Until(next))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-due:
		case <-r.earlier:
		}
	}
}

// maxExpireAtOnce bounds how many rooms expire takes under one lock, because nobody can
// join a room meanwhile.
const maxExpireAtOnce = 256

// expire removes rooms whose time is up, at most maxExpireAtOnce. It returns when the next
// expiry is due, which may be in the past; ok is false if there is none.
func (r *Rooms) expire(now time.Time) (next time.Time, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for n < min(len(r.expiries), maxExpireAtOnce) && !r.expiries[n].due.After(now) {
		n++
	}
	due := r.expiries[:n]
	r.expiries = r.expiries[n:] // insert below appends behind due
	defer clear(due)
	for _, e := range due {
		rm := e.room
		expired, emptySince := rm.expire(now.Add(-r.cfg.EmptyTTL))
		switch {
		case expired:
			delete(r.rooms, rm.ID)
		case emptySince.IsZero(): // the room has members
			rm.scheduled = false
		default: // it had members meanwhile
			r.insert(expiry{rm, emptySince.Add(r.cfg.EmptyTTL)})
		}
	}
	if len(r.expiries) == 0 {
		r.expiries = nil
		return time.Time{}, false
	}
	return r.expiries[0].due, true
}
