package demo

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// workload changes the demo's rows at the pace of a small shop. It removes rows too, so that no
// table grows beyond a few dozen rows. One goroutine uses it.
type workload struct {
	url  string
	pace time.Duration // average time between two changes
	rand *rand.Rand
	log  *slog.Logger

	steps   uint64 // changes so far, those that found no row included
	changed int64  // rows changed so far
}

// The waits before a new connection: the first, and the longest.
const (
	workloadFirstWait   = 200 * time.Millisecond
	workloadLongestWait = 5 * time.Second
)

// run makes changes until ctx ends. When the connection fails it waits and opens another.
func (w *workload) run(ctx context.Context) error {
	wait := workloadFirstWait
	for ctx.Err() == nil {
		before := w.changed
		err := w.connectAndChange(ctx)
		if ctx.Err() != nil {
			break
		}
		w.log.Debug("the demo's workload lost its connection", "error", err)
		if w.changed > before {
			wait = workloadFirstWait
		}
		sleep(ctx, w.jitter(wait))
		wait = min(2*wait, workloadLongestWait)
	}
	return nil
}

// connectAndChange makes changes over one connection until the connection or ctx ends.
func (w *workload) connectAndChange(ctx context.Context) error {
	cfg, err := pgx.ParseConfig(w.url)
	if err != nil {
		return err
	}
	cfg.RuntimeParams["application_name"] = "tablewire demo"
	cfg.RuntimeParams["statement_timeout"] = "5s" // a person may hold a lock from another session
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
		case err != nil: // a person may have altered a table: go on with the others
			w.log.Debug("a change of the demo's workload failed", "error", err)
		}
		if !sleep(ctx, w.jitter(w.pace)) {
			return ctx.Err()
		}
	}
}

// jitter returns a random duration between 3/4 and 5/4 of d.
func (w *workload) jitter(d time.Duration) time.Duration {
	return d*3/4 + time.Duration(w.rand.Int64N(int64(d)/2+1))
}

// sleep waits for d. It reports false if ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// step makes one change. Every other change is of an order, because the page first shows the
// orders.
func (w *workload) step(ctx context.Context, conn *pgx.Conn) error {
	w.steps++
	if w.steps%2 == 1 {
		return w.changeOrder(ctx, conn)
	}
	switch p := w.rand.IntN(100); {
	case p < 52:
		_, err := w.exec(ctx, conn, "move_courier", w.rand.IntN(61)-30)
		return err
	case p < 88:
		return w.changeProduct(ctx, conn)
	default:
		return w.changeReview(ctx, conn)
	}
}

// The numbers of orders that the workload keeps. Orders are open until they are delivered or
// cancelled; then they are done.
const (
	minOpenOrders  = 7
	maxOpenOrders  = 12
	maxDoneOrders  = 5
	someDoneOrders = 2 // with more than these, an order may be archived
)

// changeOrder archives, places, annotates, cancels or advances an order, within the numbers
// above.
func (w *workload) changeOrder(ctx context.Context, conn *pgx.Conn) error {
	var open, done int
	if err := conn.QueryRow(ctx, sqlFile("count_orders")).Scan(&open, &done); err != nil {
		return fmt.Errorf("count_orders: %w", err)
	}
	p := w.rand.IntN(100)
	switch {
	case done > maxDoneOrders || done > someDoneOrders && p < 12:
		_, err := w.exec(ctx, conn, "archive_order")
		return err
	case open < minOpenOrders || open < maxOpenOrders && p < 30:
		c := pick(w.rand, customers)
		_, err := w.exec(ctx, conn, "place_order", c.name, c.city, 1+w.rand.IntN(3), w.rand.IntN(5) == 0)
		return err
	case p >= 94:
		if n, err := w.exec(ctx, conn, "annotate_order", pick(w.rand, notes)); err != nil || n > 0 {
			return err
		}
	case p >= 90:
		if n, err := w.exec(ctx, conn, "cancel_order", pick(w.rand, cancelReasons)); err != nil || n > 0 {
			return err
		}
	}
	_, err := w.exec(ctx, conn, "advance_order")
	return err
}

// changeProduct restocks a product that has nearly run out. If all are in stock, it changes a
// price by up to 15 %.
func (w *workload) changeProduct(ctx context.Context, conn *pgx.Conn) error {
	n, err := w.exec(ctx, conn, "restock_product", 20+w.rand.IntN(30))
	if err != nil || n > 0 {
		return err
	}
	_, err = w.exec(ctx, conn, "reprice_product", fmt.Sprintf("%.2f", 0.85+0.3*w.rand.Float64()))
	return err
}

// changeReview deletes the oldest review if there are many, else writes one.
func (w *workload) changeReview(ctx context.Context, conn *pgx.Conn) error {
	n, err := w.exec(ctx, conn, "delete_review")
	if err != nil || n > 0 {
		return err
	}
	r := pick(w.rand, reviews)
	_, err = w.exec(ctx, conn, "write_review", pick(w.rand, customers).name, r.body, r.stars)
	return err
}

// exec runs the statement of sql/NAME.sql and returns how many rows it changed.
func (w *workload) exec(ctx context.Context, conn *pgx.Conn, name string, args ...any) (int64, error) {
	tag, err := conn.Exec(ctx, sqlFile(name), args...)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	w.changed += tag.RowsAffected()
	return tag.RowsAffected(), nil
}

// pick returns a random item.
func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
