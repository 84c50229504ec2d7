package demo

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// workload keeps the demo's rows changing at the pace of a small shop. No table
// grows beyond a few dozen rows by it, however long and often it runs.
type workload struct {
	url  string
	pace time.Duration // between two changes, on average
	rand *rand.Rand
	log  *slog.Logger

	steps   uint64
	changed int64 // rows
}

const (
	workloadFirstWait   = 200 * time.Millisecond
	workloadLongestWait = 5 * time.Second
)

// run works until ctx ends, over as many connections as it takes.
func (w *workload) run(ctx context.Context) error {
	wait := workloadFirstWait
	for ctx.Err() == nil {
		before := w.changed
		err := w.session(ctx)
		if ctx.Err() != nil {
			break
		}
		w.log.Debug("the demo's changes pause", "error", err)
		if w.changed > before {
			wait = workloadFirstWait
		}
		pause(ctx, w.about(wait))
		wait = min(2*wait, workloadLongestWait)
	}
	return nil
}

// session makes changes over one connection until that or ctx ends.
func (w *workload) session(ctx context.Context) error {
	cfg, err := pgx.ParseConfig(w.url)
	if err != nil {
		return err
	}
	cfg.RuntimeParams["application_name"] = "tablewire demo"
	cfg.RuntimeParams["statement_timeout"] = "5s" // somebody may hold a lock by hand
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for {
		switch err := w.step(ctx, conn); {
		case ctx.Err() != nil:
			return ctx.Err()
		case conn.IsClosed():
			return err
		case err != nil: // a table that was altered by hand, perhaps: the others go on
			w.log.Debug("a change of the demo failed", "error", err)
		}
		if !pause(ctx, w.about(w.pace)) {
			return ctx.Err()
		}
	}
}

// about is d, give or take a quarter.
func (w *workload) about(d time.Duration) time.Duration {
	return d*3/4 + time.Duration(w.rand.Int64N(int64(d)/2+1))
}

// pause waits; false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// step makes one change: of an order every other time, so that there is always
// something to see where the page begins.
func (w *workload) step(ctx context.Context, conn *pgx.Conn) error {
	w.steps++
	if w.steps%2 == 1 {
		return w.order(ctx, conn)
	}
	switch p := w.rand.IntN(100); {
	case p < 52:
		_, err := w.do(ctx, conn, "move_courier", w.rand.IntN(61)-30)
		return err
	case p < 88:
		return w.product(ctx, conn)
	default:
		return w.review(ctx, conn)
	}
}

// The bounds of the orders that are kept.
const (
	fewOrders    = 7 // under way
	manyOrders   = 12
	manyDone     = 5
	archiveAbove = 2
)

// order lets an order come, go on or go, so that there are always some under way
// and never many.
func (w *workload) order(ctx context.Context, conn *pgx.Conn) error {
	var open, done int
	if err := conn.QueryRow(ctx, sqlFile("count_orders")).Scan(&open, &done); err != nil {
		return fmt.Errorf("count_orders: %w", err)
	}
	p := w.rand.IntN(100)
	switch {
	case done > manyDone || done > archiveAbove && p < 12:
		_, err := w.do(ctx, conn, "archive_order")
		return err
	case open < fewOrders || open < manyOrders && p < 30:
		c := pick(w.rand, customers)
		_, err := w.do(ctx, conn, "place_order", c.name, c.city, 1+w.rand.IntN(3), w.rand.IntN(5) == 0)
		return err
	case p >= 94:
		if n, err := w.do(ctx, conn, "annotate_order", pick(w.rand, notes)); err != nil || n > 0 {
			return err
		}
	case p >= 90:
		if n, err := w.do(ctx, conn, "cancel_order", pick(w.rand, demoReasons)); err != nil || n > 0 {
			return err
		}
	}
	_, err := w.do(ctx, conn, "advance_order")
	return err
}

// product restocks what has nearly run out, else moves a price by up to 15 %.
func (w *workload) product(ctx context.Context, conn *pgx.Conn) error {
	n, err := w.do(ctx, conn, "restock_product", 20+w.rand.IntN(30))
	if err != nil || n > 0 {
		return err
	}
	_, err = w.do(ctx, conn, "reprice_product", fmt.Sprintf("%.2f", 0.85+0.3*w.rand.Float64()))
	return err
}

// review lets the oldest of many reviews go, else somebody writes one.
func (w *workload) review(ctx context.Context, conn *pgx.Conn) error {
	n, err := w.do(ctx, conn, "forget_review")
	if err != nil || n > 0 {
		return err
	}
	r := pick(w.rand, reviews)
	_, err = w.do(ctx, conn, "write_review", pick(w.rand, customers).name, r.body, r.stars)
	return err
}

// do runs one of the demo's statements and tells how many rows it changed.
func (w *workload) do(ctx context.Context, conn *pgx.Conn, name string, args ...any) (int64, error) {
	tag, err := conn.Exec(ctx, sqlFile(name), args...)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	w.changed += tag.RowsAffected()
	return tag.RowsAffected(), nil
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
