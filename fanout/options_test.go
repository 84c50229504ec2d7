package fanout_test

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// extended subscribes with options and takes "connected".
func subscribeWith(t testing.TB, h *fanout.Hub, rel *wal.Relation, filters string, e protocol.SubscriptionOptions) *testSubscriber {
	t.Helper()
	w, err := trySubscribeWith(h, rel, filters, e)
	if err != nil {
		t.Fatal(err)
	}
	w.got() // "connected"
	return w
}

func trySubscribeWith(h *fanout.Hub, rel *wal.Relation, filters string, e protocol.SubscriptionOptions) (*testSubscriber, error) {
	q, _ := newQueue(1 << 20)
	sub, err := h.Subscribe(fanout.Subscription{
		Relation: rel, CollectionID: rel.TableName().String(), Filters: []byte(filters), SubscriptionOptions: e, Queue: q,
	})
	return &testSubscriber{sub, q}, err
}

// row makes a row of texts: "?" is a value that was not sent, "~" an unchanged one that the
// log leaves out, "-" NULL.
func row(texts ...string) []wal.Value {
	r := values(texts...)
	for i, s := range texts {
		switch s {
		case "?":
			r[i] = wal.Value{}
		case "~":
			r[i] = wal.Value{State: wal.Unchanged}
		case "-":
			r[i] = wal.Value{State: wal.Null}
		}
	}
	return r
}

// updated is an update under replica identity FULL.
func updated(rel *wal.Relation, old, now []wal.Value) wal.Change {
	return wal.Change{Op: wal.Update, Relation: rel, Old: old, New: now, OldFull: true}
}

// updatedKeyOnly is an update under replica identity DEFAULT: old is nil, or has the key.
func updatedKeyOnly(rel *wal.Relation, old, now []wal.Value) wal.Change {
	return wal.Change{Op: wal.Update, Relation: rel, Old: old, New: now}
}

// What an update comes to for a client that follows transitions, by what the log has of
// the old and the new row. The filter is status = paid AND id > 0: the key alone can
// reject a row.
func TestTransitions(t *testing.T) {
	t.Parallel()
	const head, filter = `,"collection_id":"orders","data":`, `{"status":"paid","id_gt":0}`
	rel := orders()
	for _, tc := range []struct {
		before, after string
		change        wal.Change
		follower      string // what it receives; "" is nothing
		plain         string // what a client without transitions receives
	}{
		{"no", "no", updated(rel, row("1", "new"), row("1", "void")), "", ""},
		{
			"no", "yes", updated(rel, row("1", "new"), row("1", "paid")),
			`{"event":"create"` + head + `{"id":1,"status":"paid"},"reason":"filter"}`,
			`{"event":"update"` + head + `{"id":1,"status":"paid"},"old_data":{"status":"new"}}`,
		},
		{
			"yes", "no", updated(rel, row("1", "paid"), row("1", "new")),
			`{"event":"delete"` + head + `{"id":1},"old_data":{"id":1,"status":"paid"},"reason":"filter"}`, "",
		},
		{
			"yes", "no, by another key", updated(rel, row("1", "paid"), row("-1", "paid")),
			`{"event":"delete"` + head + `{"id":1},"old_data":{"id":1,"status":"paid"},"reason":"filter"}`, "",
		},
		{
			"yes", "yes, by another key", updated(rel, row("1", "paid"), row("2", "paid")),
			`{"event":"update"` + head + `{"id":2,"status":"paid"},"old_data":{"id":1}}`,
			`{"event":"update"` + head + `{"id":2,"status":"paid"},"old_data":{"id":1}}`,
		},
		{
			"from NULL: no", "yes", updated(rel, row("1", "-"), row("1", "paid")),
			`{"event":"create"` + head + `{"id":1,"status":"paid"},"reason":"filter"}`,
			`{"event":"update"` + head + `{"id":1,"status":"paid"},"old_data":{"status":null}}`,
		},
		{
			"unknown", "no", updatedKeyOnly(rel, nil, row("1", "new")),
			`{"event":"delete"` + head + `{"id":1},"reason":"filter"}`, "",
		},
		{
			"unknown", "no, and another key", updatedKeyOnly(rel, row("1", "?"), row("2", "new")),
			`{"event":"delete"` + head + `{"id":1},"reason":"filter"}`, "",
		},
		{
			"unknown", "yes", updatedKeyOnly(rel, nil, row("1", "paid")),
			`{"event":"update"` + head + `{"id":1,"status":"paid"}}`,
			`{"event":"update"` + head + `{"id":1,"status":"paid"}}`,
		},
		{
			"unknown", "unknown", updatedKeyOnly(rel, nil, row("1", "~")),
			`{"event":"update"` + head + `{"id":1},"unchanged":["status"]}`,
			`{"event":"update"` + head + `{"id":1},"unchanged":["status"]}`,
		},
		{"no, by the key", "no", updatedKeyOnly(rel, nil, row("-1", "paid")), "", ""},
		{
			"no, by the key", "yes", updatedKeyOnly(rel, row("-1", "?"), row("1", "paid")),
			`{"event":"create"` + head + `{"id":1,"status":"paid"},"reason":"filter"}`,
			`{"event":"update"` + head + `{"id":1,"status":"paid"},"old_data":{"id":-1}}`,
		},
		{
			"no, by the key", "unknown", updatedKeyOnly(rel, row("-1", "?"), row("1", "~")),
			`{"event":"create"` + head + `{"id":1},"reason":"filter","unchanged":["status"]}`,
			`{"event":"update"` + head + `{"id":1},"old_data":{"id":-1},"unchanged":["status"]}`,
		},
	} {
		t.Run(tc.before+" to "+tc.after, func(t *testing.T) {
			t.Parallel()
			h := startHub(t, 2)
			follower := subscribeWith(t, h, rel, filter, protocol.SubscriptionOptions{Transitions: true})
			plain := subscribe(t, h, rel, filter)
			everything := subscribeWith(t, h, rel, "", protocol.SubscriptionOptions{Transitions: true}) // no row enters or leaves it
			publish(t, h, tc.change)
			for _, w := range []struct {
				*testSubscriber
				want string
			}{{follower, tc.follower}, {plain, tc.plain}} {
				if w.want == "" {
					w.testSubscriber.want(t)
				} else {
					w.testSubscriber.want(t, w.want)
				}
			}
			if got := everything.got(); len(got) != 1 || !strings.HasPrefix(got[0], `{"event":"update"`) {
				t.Errorf("without a filter it is %q", got)
			}
		})
	}

	t.Run("creates, deletes and truncations stay what they are", func(t *testing.T) {
		t.Parallel()
		h := startHub(t, 2)
		w := subscribeWith(t, h, rel, `{"status":"paid"}`, protocol.SubscriptionOptions{Transitions: true})
		publish(
			t, h, created(rel, "1", "paid"), created(rel, "2", "new"),
			wal.Change{Op: wal.Delete, Relation: rel, Old: row("1", "?")},
			wal.Change{Op: wal.Delete, Relation: rel, Old: row("2", "new"), OldFull: true},
			wal.Change{Op: wal.Truncate, Relation: rel},
		)
		w.want(
			t, `{"event":"create"`+head+`{"id":1,"status":"paid"}}`,
			`{"event":"delete"`+head+`{"id":1}}`,
			`{"event":"truncate","collection_id":"orders"}`,
		)
	})

	t.Run("the old row is matched only for transition subscribers", func(t *testing.T) {
		t.Parallel()
		h := startHub(t, 1)
		evaluations := uint64(0)
		wantMore := func(n uint64) {
			t.Helper()
			publish(t, h, updated(rel, row("1", "paid"), row("1", "new")))
			st := h.Stats()
			if st.Evaluations != evaluations+n {
				t.Errorf("%d evaluations, want %d", st.Evaluations-evaluations, n)
			}
			evaluations = st.Evaluations
		}
		// The index looks at negations for both rows.
		subscribe(t, h, rel, `{"status_ne":"void"}`)
		subscribe(t, h, rel, `{"status_ne":"sent"}`)
		wantMore(2)
		a := subscribeWith(t, h, rel, `{"status_ne":"sent"}`, protocol.SubscriptionOptions{Transitions: true})
		b := subscribeWith(t, h, rel, `{"status_ne":"sent"}`, protocol.SubscriptionOptions{Transitions: true, Columns: []string{"id"}})
		wantMore(3)
		h.Unsubscribe(a.sub)
		wantMore(3)
		h.Unsubscribe(b.sub)
		wantMore(2)
	})
}

// An altered table closes the transition subscribers whose row set may become wrong.
func TestTransitionSubscribersOfAlteredTables(t *testing.T) {
	t.Parallel()
	id, status, note := column("id", wal.KindInt, true), column("status", wal.KindText, false), column("note", wal.KindText, false)
	two, three := table("t", id, status), table("t", id, status, note)
	full, full3 := *two, *three
	full.Identity, full3.Identity = wal.IdentityFull, wal.IdentityFull
	learned, mixed := *two, *two
	learned.Learned = 1
	typeChanged := table("t", id, column("status", wal.KindOther, false))
	certain, uncertain := row("1", "x"), row("1", "~")
	mood := func(labels ...string) *wal.Relation {
		c := column("status", wal.KindEnum, false)
		c.Type.Labels = labels
		return table("t", id, c)
	}
	const filters = `{"status":"x"}`
	for _, tc := range []struct {
		name        string
		before, now *wal.Relation
		filters     string
		shown       []wal.Value // a row that the subscriber receives first
		at          wal.LSN     // of the version for which the client subscribed
		closed      string
	}{
		{"one more column", two, three, filters, uncertain, 0, ""},
		{"the columns in another order", two, table("t", status, id), filters, uncertain, 0, ""},
		{"another type", two, typeChanged, filters, certain, 0, "close 1012"},
		{"another type, for which the client subscribed", two, typeChanged, filters, certain, 100, ""},
		{"one more enum label", mood("x", "y"), mood("w", "x", "v", "y"), filters, certain, 0, ""},
		{"one more enum label, which a shown row had before", mood("x", "y"), mood("x", "y", "z"), filters, row("1", "z"), 0, "close 1012"},
		{"an enum's label by another name", mood("x", "y"), mood("x", "why"), filters, certain, 0, "close 1012"},
		{"an enum's labels in another order", mood("x", "y"), mood("y", "x"), filters, certain, 0, "close 1012"},
		{"one column less", three, two, filters, row("1", "x", "n"), 0, "close 1012"},
		{"one column less, which the filter needs", three, two, `{"note":"n"}`, row("1", "x", "n"), 0, "close 4400"},
		{"another key", two, table("t", column("id", wal.KindInt, false), column("status", wal.KindText, true)), filters, certain, 0, "close 1012"},
		{"one more key column", two, table("t", id, status, column("note", wal.KindText, true)), filters, certain, 0, "close 1012"},
		{"the log has old rows from now on", two, &full, filters, uncertain, 0, "close 1012"},
		{"the log has old rows from now on, and one more column", two, &full3, filters, uncertain, 0, "close 1012"},
		{"the log has old rows from now on, and all was known before", two, &full, filters, certain, 0, ""},
		{"the log has old rows from now on, which only filters use", two, &full, ``, uncertain, 0, ""},
		{"the log has more of a partition's old rows", two, &learned, filters, uncertain, 0, "close 1012"},
		{"the log has more of a partition's old rows, and all was known before", two, &learned, filters, certain, 0, ""},
		{"the log has less of a partition's old rows", &full, &mixed, filters, certain, 0, ""},
		{"the log has no old rows any more", &full, two, filters, certain, 0, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			h := startHub(t, 1)
			before, now := *tc.before, *tc.now
			before.At, now.At = tc.at, 100
			follower := subscribeWith(t, h, &before, tc.filters, protocol.SubscriptionOptions{Transitions: true})
			plain := subscribe(t, h, &before, `{"id_gt":"0"}`)
			publish(t, h, updatedKeyOnly(&before, nil, tc.shown))
			if got := follower.got(); len(got) != 1 {
				t.Errorf("the follower got %q, want a row", got)
			}
			plain.got()
			publish(t, h, wal.Change{Op: wal.Truncate, Relation: &now})
			got := append(follower.got(), "")
			if tc.closed == "" && got[0] != `{"event":"truncate","collection_id":"t"}` || tc.closed != "" && got[len(got)-2] != tc.closed {
				t.Errorf("the follower got %q", got)
			}
			plain.want(t, `{"event":"truncate","collection_id":"t"}`)
			h.Unsubscribe(follower.sub)
			h.Unsubscribe(plain.sub)
		})
	}
}

// It does not close subscribers whose row set can't be wrong: those who subscribed after
// such a row, and those who only received a delete that may not concern them.
func TestTransitionSubscribersWithCertainRows(t *testing.T) {
	t.Parallel()
	h, before := startHub(t, 1), table("t", column("id", wal.KindInt, true), column("status", wal.KindText, false), column("n", wal.KindInt, false))
	now := *before
	now.Identity, now.At = wal.IdentityFull, 100
	follow := func(filters string) *testSubscriber {
		return subscribeWith(t, h, before, filters, protocol.SubscriptionOptions{Transitions: true})
	}
	early, other := follow(`{"status":"x"}`), follow(`{"n":1}`)
	publish(t, h, updatedKeyOnly(before, nil, row("1", "~", "2")), wal.Change{Op: wal.Delete, Relation: before, Old: row("1", "?", "?")})
	late := follow(`{"status":"x"}`)
	publish(t, h, wal.Change{Op: wal.Truncate, Relation: &now})
	const head, truncate = `,"collection_id":"t","data":{"id":1`, `{"event":"truncate","collection_id":"t"}`
	early.want(t, `{"event":"update"`+head+`,"n":2},"unchanged":["status"]}`, `{"event":"delete"`+head+`}}`, "close 1012")
	other.want(t, `{"event":"delete"`+head+`},"reason":"filter"}`, `{"event":"delete"`+head+`}}`, truncate)
	late.want(t, truncate)
	for _, w := range []*testSubscriber{early, other, late} {
		h.Unsubscribe(w.sub)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	rel := orders()
	changes := []wal.Change{
		created(rel, "1", "new"),
		created(rel, "2", "paid"),
		updated(rel, row("1", "new"), row("1", "paid")),
		updated(rel, row("2", "paid"), row("2", "void")),
		updated(rel, row("1", "paid"), row("3", "paid")),
		{Op: wal.Delete, Relation: rel, Old: row("3", "paid"), OldFull: true},
		{Op: wal.Truncate, Relation: rel},
	}
	for _, tc := range []struct {
		events      []wal.Op
		transitions bool
		want        string
	}{
		{nil, false, "create 2, update 1, update 3, delete 3, truncate"},
		{nil, true, "create 2, create 1, delete 2, update 3, delete 3, truncate"},
		{[]wal.Op{wal.Create}, false, "create 2"},
		{[]wal.Op{wal.Create, wal.Delete}, true, "create 2, create 1, delete 2, delete 3"},
		{[]wal.Op{wal.Update}, false, "update 1, update 3"},
		{[]wal.Op{wal.Update}, true, "update 3"},
		{[]wal.Op{wal.Truncate}, true, "truncate"},
	} {
		t.Run(fmt.Sprintf("%v transitions=%v", tc.events, tc.transitions), func(t *testing.T) {
			t.Parallel()
			h := startHub(t, 2)
			w := subscribeWith(t, h, rel, `{"status":"paid"}`, protocol.SubscriptionOptions{Transitions: tc.transitions, Events: wal.OpSetOf(tc.events...)})
			publish(t, h, changes...)
			var got []string
			for _, m := range w.got() {
				_, event, _ := strings.Cut(m, `{"event":"`)
				event, _, _ = strings.Cut(event, `"`)
				if _, id, ok := strings.Cut(m, `{"id":`); ok {
					event += " " + id[:1]
				}
				got = append(got, event)
			}
			if s := strings.Join(got, ", "); s != tc.want {
				t.Errorf("got  %s\nwant %s", s, tc.want)
			}
		})
	}
}

func TestColumns(t *testing.T) {
	t.Parallel()
	table3 := func() *wal.Relation {
		return table("t", column("id", wal.KindInt, true), column("a", wal.KindText, false), column("b", wal.KindText, false))
	}
	const head = `,"collection_id":"t","data":`
	only := func(names ...string) protocol.SubscriptionOptions {
		if names == nil {
			names = []string{}
		}
		return protocol.SubscriptionOptions{Columns: names}
	}

	t.Run("events show these and the key, and the filter uses others", func(t *testing.T) {
		t.Parallel()
		h, rel := startHub(t, 2), table3()
		w := subscribeWith(t, h, rel, `{"b":"x"}`, only("a"))
		publish(t, h, created(rel, "1", "one", "x"), created(rel, "2", "two", "y"))
		w.want(t, `{"event":"create"`+head+`{"id":1,"a":"one"}}`)
	})

	t.Run("an update that changes none of them is not sent", func(t *testing.T) {
		t.Parallel()
		h, rel := startHub(t, 2), table3()
		a, key, all := subscribeWith(t, h, rel, "", only("a")), subscribeWith(t, h, rel, "", only()), subscribe(t, h, rel, "")
		publish(
			t, h, updated(rel, row("1", "one", "x"), row("1", "one", "y")),
			updated(rel, row("1", "one", "y"), row("1", "two", "y")),
			updated(rel, row("1", "two", "y"), row("2", "two", "z")),
		)
		a.want(
			t, `{"event":"update"`+head+`{"id":1,"a":"two"},"old_data":{"a":"one"}}`,
			`{"event":"update"`+head+`{"id":2,"a":"two"},"old_data":{"id":1}}`,
		)
		key.want(t, `{"event":"update"`+head+`{"id":2},"old_data":{"id":1}}`)
		if n := len(all.got()); n != 3 {
			t.Errorf("without columns %d events came, want 3", n)
		}
	})

	t.Run("an unknown value may have changed", func(t *testing.T) {
		t.Parallel()
		h, rel := startHub(t, 2), table3()
		a, key := subscribeWith(t, h, rel, "", only("a")), subscribeWith(t, h, rel, "", only())
		publish(
			t, h, updatedKeyOnly(rel, nil, row("1", "one", "x")),
			updatedKeyOnly(rel, nil, row("1", "~", "y")), // the value that the log left out did not change
			updatedKeyOnly(rel, row("1", "?", "?"), row("2", "~", "y")),
		)
		a.want(
			t, `{"event":"update"`+head+`{"id":1,"a":"one"}}`,
			`{"event":"update"`+head+`{"id":2},"old_data":{"id":1},"unchanged":["a"]}`,
		)
		key.want(t, `{"event":"update"`+head+`{"id":2},"old_data":{"id":1}}`)
	})

	t.Run("an update that may bring or remove a row is sent to transition subscribers", func(t *testing.T) {
		t.Parallel()
		h, rel := startHub(t, 2), table3()
		follow := only("a")
		follow.Transitions = true
		follower, plain := subscribeWith(t, h, rel, `{"b":"x"}`, follow), subscribeWith(t, h, rel, `{"b":"x"}`, only("a"))
		publish(
			t, h, updated(rel, row("1", "one", "y"), row("1", "one", "x")),
			updated(rel, row("1", "one", "x"), row("1", "one", "y")),
			updated(rel, row("2", "two", "x"), row("2", "two", "x")),
			updatedKeyOnly(rel, nil, row("3", "~", "x")),
		)
		follower.want(
			t, `{"event":"create"`+head+`{"id":1,"a":"one"},"reason":"filter"}`,
			`{"event":"delete"`+head+`{"id":1},"old_data":{"id":1,"a":"one"},"reason":"filter"}`,
			`{"event":"update"`+head+`{"id":3},"unchanged":["a"]}`,
		)
		plain.want(t)
	})

	t.Run("one evaluation for all, one encode for each choice", func(t *testing.T) {
		t.Parallel()
		h, rel := startHub(t, 4), table3()
		var ws []*testSubscriber
		for i := range 90 {
			e := []protocol.SubscriptionOptions{{}, only("a"), only("a", "id", "a")}[i%3]
			e.Events = wal.OpSet(i % 2 * int(wal.OpSetOf(wal.Create)))
			ws = append(ws, subscribeWith(t, h, rel, `{"b":"x"}`, e))
		}
		ws = append(ws, subscribeWith(t, h, rel, `{"b_in":"x,y"}`, only("a")))
		publish(t, h, created(rel, "1", "one", "x"))
		for i, w := range ws {
			want := `{"event":"create"` + head + `{"id":1,"a":"one"}}`
			if i%3 == 0 && i < 90 {
				want = `{"event":"create"` + head + `{"id":1,"a":"one","b":"x"}}`
			}
			w.want(t, want)
		}
		if st := h.Stats(); st.Evaluations != 2 || st.Encodes != 2 || st.Deliveries != 91 {
			t.Errorf("%+v", st)
		}
	})

	t.Run("a missing column is refused", func(t *testing.T) {
		t.Parallel()
		h := startHub(t, 1)
		_, err := trySubscribeWith(h, table3(), "", only("id", "A"))
		if err == nil || err.Error() != `Invalid columns: A: no such column in "t"` {
			t.Errorf("error %v", err)
		}
		if st := h.Stats(); st.Subscribers != 0 {
			t.Errorf("%+v", st)
		}
	})

	t.Run("a dropped column closes those who named it", func(t *testing.T) {
		t.Parallel()
		h, v1 := startHub(t, 1), table3()
		a, b := subscribeWith(t, h, v1, "", only("a")), subscribeWith(t, h, v1, "", only("b"))
		v2 := table("t", column("b", wal.KindText, false), column("id", wal.KindInt, true))
		v2.At = 10
		publish(t, h, created(v1, "1", "one", "x"), created(v2, "y", "2"))
		a.want(
			t, `{"event":"create"`+head+`{"id":1,"a":"one"}}`,
			`{"error":"Invalid columns","error_detail":"a: no such column in \"t\""}`, "close 4400",
		)
		b.want(t, `{"event":"create"`+head+`{"id":1,"b":"x"}}`, `{"event":"create"`+head+`{"b":"y","id":2}}`)
		h.Unsubscribe(a.sub)
		h.Unsubscribe(b.sub)
		if st := h.Stats(); st.Subscribers != 0 {
			t.Errorf("%+v", st)
		}
	})

	t.Run("a column that the stream has not reached yet", func(t *testing.T) {
		t.Parallel()
		h, v1 := startHub(t, 1), table("t", column("id", wal.KindInt, true))
		v1.At = 100
		all := subscribe(t, h, v1, "")
		v2 := table3()
		v2.At = 200
		w := subscribeWith(t, h, v2, "", only("a"))
		creates := only("a")
		creates.Events = wal.OpSetOf(wal.Create)
		deaf := subscribeWith(t, h, v2, "", creates)
		publish(t, h, created(v1, "1"), wal.Change{Op: wal.Truncate, Relation: v1})
		deaf.want(t)
		v3 := table3()
		v3.At = 300
		publish(t, h, created(v3, "2", "two", "x"))
		w.want(t, `{"event":"truncate","collection_id":"t"}`, `{"event":"create"`+head+`{"id":2,"a":"two"}}`)
		deaf.want(t, `{"event":"create"`+head+`{"id":2,"a":"two"}}`)
		if n := len(all.got()); n != 3 {
			t.Errorf("without columns %d events came, want 3", n)
		}
	})

	t.Run("an added column is not shown to those who named others", func(t *testing.T) {
		t.Parallel()
		h, v1 := startHub(t, 1), table("t", column("id", wal.KindInt, true), column("a", wal.KindText, false))
		named, all := subscribeWith(t, h, v1, "", only("id", "a")), subscribe(t, h, v1, "")
		v2 := table3()
		v2.At = 10
		publish(t, h, created(v2, "1", "one", "x"))
		named.want(t, `{"event":"create"`+head+`{"id":1,"a":"one"}}`)
		all.want(t, `{"event":"create"`+head+`{"id":1,"a":"one","b":"x"}}`)
	})

	t.Run("another key", func(t *testing.T) {
		t.Parallel()
		h, v1 := startHub(t, 1), table3()
		w := subscribeWith(t, h, v1, "", only("a"))
		v2 := table("t", column("id", wal.KindInt, false), column("a", wal.KindText, false), column("b", wal.KindText, true))
		v2.At = 10
		publish(t, h, created(v1, "1", "one", "x"), created(v2, "1", "one", "x"))
		w.want(t, `{"event":"create"`+head+`{"id":1,"a":"one"}}`, `{"event":"create"`+head+`{"a":"one","b":"x"}}`)
	})
}

// BenchmarkHubOptions publishes an update to clients with distinct filters: the row enters
// or leaves them, stays in them, or stays and changes no shown column.
func BenchmarkHubOptions(b *testing.B) {
	rel := table("orders", column("id", wal.KindInt, true), column("status", wal.KindText, false), column("note", wal.KindText, false))
	note := "a note of a usual length, forty-odd bytes"
	for _, bm := range []struct {
		name    string
		options protocol.SubscriptionOptions
		status  string // before the update; after it, "paid"
		filter  string
	}{
		{"none", protocol.SubscriptionOptions{}, "paid", `{"status":"paid","id_ne":"%d"}`},
		{"columns", protocol.SubscriptionOptions{Columns: []string{"id", "status"}}, "new", `{"status":"paid","id_ne":"%d"}`},
		{"columns-untouched", protocol.SubscriptionOptions{Columns: []string{"id", "note"}}, "new", `{"status":"paid","id_ne":"%d"}`},
		{"transitions-stay", protocol.SubscriptionOptions{Transitions: true}, "paid", `{"status":"paid","id_ne":"%d"}`},
		{"transitions-enter", protocol.SubscriptionOptions{Transitions: true}, "new", `{"status":"paid","id_ne":"%d"}`},
		{"transitions-leave", protocol.SubscriptionOptions{Transitions: true}, "new", `{"status":"new","id_ne":"%d"}`},
		{"transitions-elsewhere", protocol.SubscriptionOptions{Transitions: true}, "new", `{"status":"void","id_ne":"%d"}`},
	} {
		b.Run("filters=1000/options="+bm.name, func(b *testing.B) {
			h := startHub(b, 2)
			drains := make([]*testSubscriber, 1000)
			for i := range drains {
				drains[i] = subscribeWith(b, h, rel, fmt.Sprintf(bm.filter, i), bm.options)
			}
			change := batch(updated(rel, row("12345", bm.status, note), row("12345", "paid", note)))
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
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(drains)), "ns/filter")
		})
	}
}

// An altered table has each spec compiled once, however many subscribers share it.
func TestHubCompilesOnce(t *testing.T) { //nolint:paralleltest // it measures what is allocated
	id, status, note := column("id", wal.KindInt, true), column("status", wal.KindText, false), column("note", wal.KindText, false)
	two, three := table("t", id, status), table("t", id, status, note)
	two.At, three.At = 1, 100
	var ids []string
	for i := range filter.MaxItems {
		ids = append(ids, strconv.Itoa(1_000_000+i))
	}
	filters := `{"id_in":[` + strings.Join(ids, ",") + `]}`
	allocated := func(subscribers int) uint64 {
		h := startHub(t, 1)
		defer h.Unsubscribe(subscribeWith(t, h, two, " "+filters, protocol.SubscriptionOptions{}).sub) // the same filters, spelled in another way
		for i := range subscribers {
			w := subscribeWith(t, h, two, filters, protocol.SubscriptionOptions{Events: wal.OpSet(i % 4)})
			defer h.Unsubscribe(w.sub)
		}
		c := wal.Change{Op: wal.Create, Relation: three, New: row("1", "y", "z")}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		publish(t, h, c)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	one, many := allocated(1), allocated(200)
	if many > 4*one {
		t.Errorf("%d bytes are allocated for 200 subscribers with one spec, %d for one subscriber", many, one)
	}
}

// MaxProjectedBytes bounds the frames of a long row that show different choices of columns.
// Subscribers beyond it are closed after the frames that they have. Whole rows don't count.
func TestHubBoundsProjectedBytes(t *testing.T) {
	t.Parallel()
	cols := []wal.Column{column("id", wal.KindInt, true), column("body", wal.KindText, false)}
	for i := range 7 {
		cols = append(cols, column(fmt.Sprintf("c%d", i), wal.KindInt, false))
	}
	rel := table("t", cols...)
	const choices, long = 100, 2 << 20
	for _, shards := range []int{1, 3} {
		h := startHub(t, shards)
		var subscribers []*testSubscriber
		for i := range choices {
			chosen := []string{"body"}
			for j, c := range cols[2:] {
				if i>>j&1 == 1 {
					chosen = append(chosen, c.Name)
				}
			}
			subscribers = append(subscribers, subscribeWith(t, h, rel, fmt.Sprintf(`{"id_gt":%d}`, -1-i%4), protocol.SubscriptionOptions{Columns: chosen}))
		}
		whole := subscribeWith(t, h, rel, "", protocol.SubscriptionOptions{})
		insert := func(body string) wal.Change {
			return wal.Change{Op: wal.Create, Relation: rel, New: row("1", body, "1", "2", "3", "4", "5", "6", "7")}
		}
		publish(t, h, insert("short"), insert(strings.Repeat("x", long)), insert("short"))
		held, ended := 0, 0
		for i, w := range subscribers {
			got := w.got()
			switch {
			case len(got) == 3 && len(got[1]) > long:
				held += len(got[1])
			case len(got) == 2 && strings.Contains(got[0], "short") && strings.HasPrefix(got[1], "close 1012"):
				ended++
			default:
				t.Errorf("choice %d got %d frames", i, len(got))
			}
		}
		if held > fanout.MaxProjectedBytes+2*long || held < fanout.MaxProjectedBytes {
			t.Errorf("%d bytes of frames with a choice of columns for a row of %d, want about %d", held, long, fanout.MaxProjectedBytes)
		}
		if ended == 0 {
			t.Error("no subscriber is closed")
		}
		if got := whole.got(); len(got) != 3 {
			t.Errorf("%d frames of whole rows, want 3", len(got))
		}
		for _, w := range append(subscribers, whole) {
			h.Unsubscribe(w.sub)
		}
		// The budget is one change's: the next long row is sent to a client that comes back.
		back := subscribeWith(t, h, rel, "", protocol.SubscriptionOptions{Columns: []string{"body"}})
		publish(t, h, insert(strings.Repeat("x", long)))
		if got := back.got(); len(got) != 1 || len(got[0]) < long {
			t.Errorf("a client that comes back gets %d frames, want the row", len(got))
		}
		h.Unsubscribe(back.sub)
	}
}
