package cdc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
)

// heldSlot is a database whose slot is held as look says, some time after the start.
type heldSlot struct {
	Database
	began time.Time
	look  func(after time.Duration) pgcatalog.SlotHolder
}

func (h *heldSlot) SlotHolder(context.Context) (pgcatalog.SlotHolder, error) {
	return h.look(time.Since(h.began)), nil
}

// TestAwaitSlot: how long a start waits for a slot's reader, and what it says of the reader.
func TestAwaitSlot(t *testing.T) {
	t.Parallel()
	at := func(every, after time.Duration) string { return fmt.Sprint(after / every) }
	hidden := pgcatalog.SlotHolder{PID: 7, Visible: true, Confirmed: "0/1", LookedAs: "tablewire"}
	seen := pgcatalog.SlotHolder{PID: 7, Visible: true, RepliesVisible: true, Confirmed: "0/1", LookedAs: "tablewire"}
	const grant = `GRANT pg_read_all_stats TO "tablewire"`
	for name, tt := range map[string]struct {
		timeout time.Duration
		look    func(after time.Duration) pgcatalog.SlotHolder
		ends    time.Duration // until then at the latest, and not two seconds before
		free    bool
		says    []string // in the hint and the log
		not     []string
	}{
		"replies": {time.Minute, func(after time.Duration) pgcatalog.SlotHolder {
			h := seen
			h.Replied = at(10*time.Second, after)
			return h
		}, 11 * time.Second, false, nil, []string{"does not reply", "not replied", grant}},
		"does not reply": {
			time.Minute, func(time.Duration) pgcatalog.SlotHolder { return seen },
			66 * time.Second, false,
			[]string{"does not reply", "has not replied for 1m5s"},
			[]string{grant},
		},
		"hidden, confirms": {time.Minute, func(after time.Duration) pgcatalog.SlotHolder {
			h := hidden
			h.Confirmed = at(10*time.Second, after)
			return h
		}, 11 * time.Second, false, nil, []string{"does not reply", "not replied", grant}},
		"hidden, idle": {
			time.Minute, func(time.Duration) pgcatalog.SlotHolder { return hidden },
			66 * time.Second, false,
			[]string{"can't see whether", "likely alive", "(1m0s)", grant},
			[]string{"does not reply", "not replied"},
		},
		"hidden, idle, never given up": {
			0, func(time.Duration) pgcatalog.SlotHolder { return hidden },
			13 * time.Second, false,
			[]string{"can't see whether", "wal_sender_timeout is 0", grant, "pg_terminate_backend(7)"},
			[]string{"does not reply", "not replied", "likely alive"},
		},
		"hidden, given up": {time.Minute, func(after time.Duration) pgcatalog.SlotHolder {
			if after > time.Minute {
				return pgcatalog.SlotHolder{}
			}
			return hidden
		}, 61 * time.Second, true, []string{"can't see whether", grant}, []string{"does not reply", "not replied"}},
		"hidden, then granted": {time.Minute, func(after time.Duration) pgcatalog.SlotHolder {
			if after < 5*time.Second {
				return hidden
			}
			h := seen
			h.Replied = "before"
			return h
		}, 66 * time.Second, false, []string{"has not replied"}, []string{grant}},
		"creates the slot": {time.Minute, func(after time.Duration) pgcatalog.SlotHolder {
			h := hidden
			if after < 5*time.Second {
				h.Confirmed = ""
			}
			return h
		}, 66 * time.Second, false, []string{grant}, []string{"not replied"}},
		"of another role": {
			time.Minute, func(time.Duration) pgcatalog.SlotHolder { return pgcatalog.SlotHolder{PID: 7} },
			6 * time.Second, false, nil,
			[]string{grant, "not replied"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				s := &Stream{timeout: tt.timeout}
				s.cfg.Slot = "s"
				s.cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
				s.cfg.Database = &heldSlot{began: time.Now(), look: tt.look}
				began := time.Now()
				err := s.awaitSlot(t.Context(), &pgconn.PgError{Code: pgerror.ObjectInUse, Message: "busy"})
				if took := time.Since(began); took > tt.ends || took < tt.ends-2*time.Second {
					t.Errorf("ended after %s, want about %s", took, tt.ends)
				}
				said := log.String()
				if problem, ok := errors.AsType[*protocol.Problem](err); ok {
					said += problem.Hint
				}
				if (err == nil) != tt.free {
					t.Errorf("error %v, want the slot to be free: %t", err, tt.free)
				}
				said = strings.ReplaceAll(said, `\"`, `"`)
				for _, want := range tt.says {
					if !strings.Contains(said, want) {
						t.Errorf("%q is missing: %s", want, said)
					}
				}
				for _, lie := range tt.not {
					if strings.Contains(said, lie) {
						t.Errorf("%q is said: %s", lie, said)
					}
				}
			})
		})
	}
}
