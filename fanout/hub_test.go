package fanout_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/jsonstring"
	"github.com/tablewire/tablewire/protocol/wal"
)

func column(name string, kind wal.Kind, key bool) wal.Column {
	t := wal.Type{OID: uint32(100 + kind), Base: uint32(100 + kind), Name: "text", Kind: kind}
	encode := jsonstring.Append[[]byte]
	if kind == wal.KindInt {
		t.Name, t.Bits = "integer", 32
		encode = func(dst, v []byte) []byte { return append(dst, v...) }
	}
	return wal.NewColumn(name, t, key, encode)
}

func table(name string, columns ...wal.Column) *wal.Relation {
	return &wal.Relation{Schema: "public", Name: name, Identity: wal.IdentityDefault, Columns: columns}
}

func orders() *wal.Relation {
	return table("orders", column("id", wal.KindInt, true), column("status", wal.KindText, false))
}

func values(texts ...string) []wal.Value {
	row := make([]wal.Value, len(texts))
	for i, s := range texts {
		row[i] = wal.Value{State: wal.Text, Text: []byte(s)}
	}
	return row
}

func created(rel *wal.Relation, texts ...string) wal.Change {
	return wal.Change{Op: wal.Create, Relation: rel, New: values(texts...)}
}

func batch(changes ...wal.Change) *wal.Batch { return &wal.Batch{Changes: changes} }

func startHub(t testing.TB, shards int) *fanout.Hub {
	t.Helper()
	h := fanout.New(fanout.Config{Shards: shards})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		_ = h.Run(ctx)
		close(ended)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return h
}

// testSubscriber is a subscriber with a queue that the test reads.
type testSubscriber struct {
	sub   *fanout.Subscriber
	queue *fanout.Queue
}

func subscribe(t testing.TB, h *fanout.Hub, rel *wal.Relation, filters string) *testSubscriber {
	t.Helper()
	w, err := trySubscribe(h, rel, rel.TableName().String(), filters)
	if err != nil {
		t.Fatal(err)
	}
	w.got() // "connected"
	return w
}

func trySubscribe(h *fanout.Hub, rel *wal.Relation, name, filters string) (*testSubscriber, error) {
	q, _ := newQueue(1 << 20)
	sub, err := h.Subscribe(fanout.Subscription{Relation: rel, CollectionID: name, Filters: []byte(filters), Queue: q})
	return &testSubscriber{sub, q}, err
}

// got takes the queued messages; a close frame becomes "close CODE".
func (w *testSubscriber) got() []string {
	frames, _ := w.queue.Take(nil)
	w.queue.Take(nil) // falls asleep
	out := []string{}
	for _, f := range frames {
		w.queue.Written(len(f))
		s := string(f.Payload())
		if f[0]&0xf == 8 {
			s = fmt.Sprintf("close %d", int(s[0])<<8|int(s[1]))
		}
		out = append(out, s)
	}
	return out
}

func (w *testSubscriber) want(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), w.got()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func publish(t testing.TB, h *fanout.Hub, changes ...wal.Change) {
	t.Helper()
	if err := h.Publish(batch(changes...)); err != nil {
		t.Fatal(err)
	}
}

func TestHub(t *testing.T) {
	t.Parallel()
	const one = `{"event":"create","collection_id":"orders","data":{"id":1,"status":"paid"}}`
	const two = `{"event":"create","collection_id":"orders","data":{"id":2,"status":"new"}}`

	t.Run("connected comes first and echoes the filters", func(t *testing.T) {
		t.Parallel()
		h := startHub(t, 2)
		for filters, echo := range map[string]string{`{ "status": "paid" }`: `{ "status": "paid" }`, ``: `{}`} {
			w, err := trySubscribe(h, orders(), "public.orders", filters)
			if err != nil {
				t.Fatal(err)
			}
			w.want(t, `{"event":"connected","collection_id":"public.orders","filters":`+echo+`}`)
		}
	})

	t.Run("each subscriber gets what its filter matches", func(t *testing.T) {
		t.Parallel()
		h, rel := startHub(t, 3), orders()
		all, paid, none := subscribe(t, h, rel, ""), subscribe(t, h, rel, `{"status":"paid"}`), subscribe(t, h, rel, `{"id_gt":9}`)
		publish(t, h, created(rel, "1", "paid"), created(rel, "2", "new"))
		all.want(t, one, two)
		paid.want(t, one)
		none.want(t)
	})

	t.Run("events have the client's spelling of the collection", func(t *testing.T) {
		t.Parallel()
		h, rel := startHub(t, 2), orders()
		a, err := trySubscribe(h, rel, "public.orders", "")
		if err != nil {
			t.Fatal(err)
		}
		b := subscribe(t, h, rel, "")
		a.got()
		publish(t, h, created(rel, "1", "paid"))
		a.want(t, strings.Replace(one, `"orders"`, `"public.orders"`, 1))
		b.want(t, one)
	})

	t.Run("equal filters are evaluated once and encoded once", func(t *testing.T) {
		t.Parallel()
		h, rel := startHub(t, 4), orders()
		var ws []*testSubscriber
		for i := range 100 {
			ws = append(ws, subscribe(t, h, rel, []string{`{"status":"paid","id_gt":0}`, `{"id__gt":0,"status_eq":"paid"}`}[i%2]))
		}
		other := subscribe(t, h, rel, `{"status_ne":"new"}`)
		publish(t, h, created(rel, "1", "paid"))
		for _, w := range append(ws, other) {
			w.want(t, one)
		}
		if st := h.Stats(); st.Evaluations != 2 || st.Encodes != 1 || st.Deliveries != 101 || st.Subscribers != 101 {
			t.Errorf("%+v", st)
		}
	})

	t.Run("ten thousand with one filter cost one evaluation and one encode", func(t *testing.T) {
		t.Parallel()
		h, rel := startHub(t, 4), orders()
		ws := make([]*testSubscriber, 10_000)
		for i := range ws {
			ws[i] = subscribe(t, h, rel, []string{`{"status":"paid"}`, `{"status_in":["paid"]}`}[i%2])
		}
		publish(t, h, created(rel, "1", "paid"))
		for _, w := range ws {
			w.want(t, one)
		}
		if st := h.Stats(); st.Evaluations != 1 || st.Encodes != 1 || st.Deliveries != 10_000 || st.Filters != 1 {
			t.Errorf("%+v", st)
		}
	})

	t.Run("filters that a change does not concern are not evaluated", func(t *testing.T) {
		t.Parallel()
		h, rel := startHub(t, 4), orders()
		ws := make([]*testSubscriber, 1000)
		for i := range ws {
			ws[i] = subscribe(t, h, rel, fmt.Sprintf(`{"id":%d,"status":"paid"}`, i))
		}
		scanned := subscribe(t, h, rel, `{"status_ne":"paid"}`)
		if st := h.Stats(); st.Filters != 1001 || st.Scanned != 1 {
			t.Errorf("%+v", st)
		}
		publish(t, h, created(rel, "1", "paid"))
		for i, w := range ws {
			if i == 1 {
				w.want(t, one)
			} else {
				w.want(t)
			}
			h.Unsubscribe(w.sub)
		}
		scanned.want(t)
		h.Unsubscribe(scanned.sub)
		if st := h.Stats(); st.Evaluations != 2 || st.Filters != 0 || st.Scanned != 0 {
			t.Errorf("%+v", st)
		}
	})

	t.Run("one filter under two names is evaluated once", func(t *testing.T) {
		t.Parallel()
		h, rel := startHub(t, 4), orders()
		plain := subscribe(t, h, rel, `{"status":"paid"}`)
		dotted, err := trySubscribe(h, rel, "public.orders", `{"status":"paid"}`)
		if err != nil {
			t.Fatal(err)
		}
		dotted.got()
		publish(t, h, created(rel, "1", "paid"), created(rel, "2", "new"))
		plain.want(t, one)
		dotted.want(t, strings.Replace(one, `"orders"`, `"public.orders"`, 1))
		if st := h.Stats(); st.Evaluations != 1 || st.Encodes != 2 || st.Deliveries != 2 {
			t.Errorf("%+v", st)
		}
		h.Unsubscribe(plain.sub)
		publish(t, h, created(rel, "1", "paid"))
		plain.want(t)
		dotted.want(t, strings.Replace(one, `"orders"`, `"public.orders"`, 1))
		h.Unsubscribe(dotted.sub)
		publish(t, h, created(rel, "1", "paid"))
		if st := h.Stats(); st.Evaluations != 2 || st.Subscribers != 0 {
			t.Errorf("%+v", st)
		}
	})

	t.Run("a delete whose old row may match is sent", func(t *testing.T) {
		t.Parallel()
		h, rel := startHub(t, 1), orders()
		paid, high := subscribe(t, h, rel, `{"status":"paid"}`), subscribe(t, h, rel, `{"status":"paid","id_gt":5}`)
		old := values("1", "")
		old[1] = wal.Value{}
		publish(t, h, wal.Change{Op: wal.Delete, Relation: rel, Old: old})
		paid.want(t, `{"event":"delete","collection_id":"orders","data":{"id":1}}`)
		high.want(t) // its key alone decides
	})

	t.Run("a truncation is sent to all", func(t *testing.T) {
		t.Parallel()
		h, rel := startHub(t, 1), orders()
		w := subscribe(t, h, rel, `{"status":"paid"}`)
		publish(t, h, wal.Change{Op: wal.Truncate, Relation: rel})
		w.want(t, `{"event":"truncate","collection_id":"orders"}`)
	})

	t.Run("a filter that can't be used is refused", func(t *testing.T) {
		t.Parallel()
		h := startHub(t, 1)
		_, err := trySubscribe(h, orders(), "orders", `{"id_gt":"abc"}`)
		if err == nil || err.Error() != `Invalid filter: id_gt: "abc" is not an integer` {
			t.Errorf("error %v", err)
		}
		if st := h.Stats(); st.Subscribers != 0 {
			t.Errorf("%+v", st)
		}
	})

	t.Run("nothing comes after unsubscribing", func(t *testing.T) {
		t.Parallel()
		h, rel := startHub(t, 2), orders()
		a, b := subscribe(t, h, rel, ""), subscribe(t, h, rel, "")
		h.Unsubscribe(a.sub)
		h.Unsubscribe(a.sub)
		publish(t, h, created(rel, "1", "paid"))
		a.want(t)
		b.want(t, one)
		h.Unsubscribe(b.sub)
		if st := h.Stats(); st.Subscribers != 0 {
			t.Errorf("%+v", st)
		}
	})

	t.Run("an altered table", func(t *testing.T) {
		t.Parallel()
		h, rel := startHub(t, 1), orders()
		paid, byID := subscribe(t, h, rel, `{"status":"paid"}`), subscribe(t, h, rel, `{"id":1}`)
		altered := table("orders", column("status", wal.KindText, false), column("note", wal.KindText, true))
		altered.At = 200
		publish(t, h, created(altered, "paid", "x"), created(altered, "new", "y"))
		paid.want(t, `{"event":"create","collection_id":"orders","data":{"status":"paid","note":"x"}}`)
		byID.want(t, `{"error":"Invalid filter","error_detail":"id: no such column in \"orders\""}`, "close 4400")
		h.Unsubscribe(byID.sub)

		late, err := trySubscribe(h, rel, "orders", `{"id":1}`) // the catalog was a moment behind
		if err == nil {
			t.Errorf("subscribed to a column that is gone: %v", late.got())
		}
	})

	t.Run("a column that the stream has not reached yet", func(t *testing.T) {
		t.Parallel()
		h, old := startHub(t, 1), orders()
		old.At = 100
		all := subscribe(t, h, old, "")
		newer := table("orders", append(orders().Columns, column("note", wal.KindText, false))...)
		newer.At = 200
		noted := subscribe(t, h, newer, `{"note":"x"}`)
		publish(t, h, created(old, "1", "paid"))
		noted.want(t)
		all.want(t, one)
		fromStream := table("orders", newer.Columns...)
		fromStream.At = 300
		publish(t, h, created(fromStream, "2", "new", "x"))
		noted.want(t, `{"event":"create","collection_id":"orders","data":{"id":2,"status":"new","note":"x"}}`)
	})

	t.Run("frames of the older version come before an error of the newer", func(t *testing.T) {
		t.Parallel()
		h, v1 := startHub(t, 1), orders()
		w := subscribe(t, h, v1, `{"status":"paid"}`)
		v2 := table("orders", v1.Columns[0])
		v2.At = 10
		publish(t, h, created(v1, "1", "paid"), created(v2, "2"))
		w.want(t, one, `{"error":"Invalid filter","error_detail":"status: no such column in \"orders\""}`, "close 4400")
		h.Unsubscribe(w.sub)
	})

	t.Run("filters that were equal before a column's type changed", func(t *testing.T) {
		t.Parallel()
		h, v1 := startHub(t, 1), table("t", column("x", wal.KindInt, true))
		padded, plain := subscribe(t, h, v1, `{"x":"01"}`), subscribe(t, h, v1, `{"x":"1"}`)
		v2 := table("t", column("x", wal.KindText, true))
		v2.At = 10
		publish(t, h, created(v2, "1"))
		padded.want(t)
		plain.want(t, `{"event":"create","collection_id":"t","data":{"x":"1"}}`)
		h.Unsubscribe(padded.sub)
		h.Unsubscribe(plain.sub)
	})

	t.Run("a table whose name contains a dot", func(t *testing.T) {
		t.Parallel()
		h := startHub(t, 1)
		dotted, split := table("shop.orders", orders().Columns...), orders()
		split.Schema = "shop"
		a, b := subscribe(t, h, dotted, ""), subscribe(t, h, split, "")
		publish(t, h, created(split, "1", "paid"))
		a.want(t)
		b.want(t, strings.Replace(one, `"orders"`, `"shop.orders"`, 1))
	})

	t.Run("a collection that ends", func(t *testing.T) {
		t.Parallel()
		h, rel := startHub(t, 2), orders()
		a, b := subscribe(t, h, rel, ""), subscribe(t, h, table("others", rel.Columns...), "")
		h.EndTable(wal.TableName{Schema: "public", Table: "orders"}, protocol.ErrCollectionNotFound)
		h.Unsubscribe(a.sub)
		a.want(t, `{"error":"Collection not found or access denied"}`, "close 4404")
		h.RestartAll("bye")
		h.Unsubscribe(b.sub)
		b.want(t, "close 1012")
	})

	t.Run("rows that changed without a change in the log", func(t *testing.T) {
		t.Parallel()
		h, rel, other := startHub(t, 2), orders(), table("others", orders().Columns...)
		follow := protocol.SubscriptionOptions{Transitions: true}
		follower, all := subscribeWith(t, h, rel, `{"status":"paid"}`, follow), subscribeWith(t, h, rel, "", follow)
		elsewhere, plain := subscribeWith(t, h, other, "", follow), subscribe(t, h, rel, `{"status":"paid"}`)
		h.RestartTransitionSubscribers(rel.TableName(), "a partition was attached")
		publish(t, h, created(rel, "1", "paid"), created(other, "1", "paid"))
		follower.want(t, "close 1012")
		all.want(t, "close 1012")
		for name, w := range map[string]*testSubscriber{"others": elsewhere, "orders": plain} {
			w.want(t, `{"event":"create","collection_id":"`+name+`","data":{"id":1,"status":"paid"}}`)
		}
	})

	t.Run("a slow subscriber costs only itself", func(t *testing.T) {
		t.Parallel()
		h, rel := startHub(t, 1), orders()
		fast := subscribe(t, h, rel, "")
		q, _ := newQueue(200)
		slow := &testSubscriber{queue: q}
		if _, err := h.Subscribe(fanout.Subscription{Relation: rel, CollectionID: "orders", Queue: q}); err != nil {
			t.Fatal(err)
		}
		for range 10 {
			publish(t, h, created(rel, "1", "paid"))
			fast.want(t, one)
		}
		slow.want(t, "close 4008")
	})

	t.Run("a stopped hub", func(t *testing.T) {
		t.Parallel()
		h := fanout.New(fanout.Config{Shards: 1})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := h.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := trySubscribe(h, orders(), "orders", ""); !errors.Is(err, fanout.ErrStopped) {
			t.Errorf("subscribe: %v", err)
		}
	})
}

// Clients subscribe and unsubscribe during publishing: each receives all changes since it
// subscribed, in order.
func TestHubUnderChurn(t *testing.T) {
	t.Parallel()
	h, rel := startHub(t, 4), orders()
	const changes, subscribers = 500, 8
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for i := range subscribers {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				w, err := trySubscribe(h, rel, "orders", `{"id_gte":`+strconv.Itoa(i%3)+`}`)
				if err != nil {
					t.Error(err)
					return
				}
				h.Unsubscribe(w.sub)
				checkConsecutive(t, w.got())
			}
		})
	}
	for i := range changes {
		publish(t, h, created(rel, strconv.Itoa(i+10), "paid"))
	}
	close(stop)
	wg.Wait()
	if st := h.Stats(); st.Subscribers != 0 {
		t.Errorf("%+v", st)
	}
}

func checkConsecutive(t *testing.T, got []string) {
	if len(got) == 0 || !strings.Contains(got[0], `"connected"`) {
		t.Errorf("the first message is not connected: %q", got)
		return
	}
	last := -1
	for _, s := range got[1:] {
		_, rest, _ := strings.Cut(s, `"id":`)
		digits, _, _ := strings.Cut(rest, ",")
		id, err := strconv.Atoi(digits)
		if err != nil || last >= 0 && id != last+1 {
			t.Errorf("%d follows %d (%v)", id, last, err)
			return
		}
		last = id
	}
}

// drain takes and writes off all frames, as a socket's writer does. It reuses taken.
func (w *testSubscriber) drain(taken []wsframe.Frame) []wsframe.Frame {
	taken, _ = w.queue.Take(taken[:0])
	for _, f := range taken {
		w.queue.Written(len(f))
	}
	w.queue.Take(nil) // falls asleep
	return taken
}

func BenchmarkHubPublish(b *testing.B) {
	rel := table("orders", column("id", wal.KindInt, true), column("status", wal.KindText, false), column("note", wal.KindText, false))
	change := batch(created(rel, "12345", "paid", "a note of a usual length, forty-odd bytes"))
	for _, filter := range []struct{ name, filters string }{
		{"none", ""}, {"eq", `{"status":"paid"}`}, {"miss", `{"status":"new"}`},
	} {
		for _, subs := range []int{1, 1000} {
			b.Run(fmt.Sprintf("subs=%d/filter=%s", subs, filter.name), func(b *testing.B) {
				h := startHub(b, 2)
				drains := make([]*testSubscriber, subs)
				for i := range drains {
					drains[i] = subscribe(b, h, rel, filter.filters)
				}
				var taken []wsframe.Frame
				b.ReportAllocs()
				for b.Loop() {
					if err := h.Publish(change); err != nil {
						b.Fatal(err)
					}
					for _, w := range drains {
						taken = w.drain(taken)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*subs), "ns/delivery")
			})
		}
	}
}
