package harness_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/tablewire/tablewire/integration/harness"
)

func TestMain(m *testing.M) {
	harness.LoadMain()
	goleak.VerifyTestMain(m)
}

// The load counts messages, measures and disturbs. Its server is another load's sink.
func TestLoad(t *testing.T) {
	t.Parallel()
	sink := harness.StartIdleLoad(t).Sink()
	l := harness.StartLoad(t)
	l.Open(harness.Sockets{N: 50, Addr: sink, Path: "rooms/r%h", Hello: harness.CreateHello})
	l.Open(harness.Sockets{N: 2, Addr: sink, Path: "broadcast", Hello: harness.CreateHello, Frames: 1})
	l.Await(1) // the other one

	harness.Eventually(t, "the nuisance has disturbed", func() bool {
		l.Disturb(sink, "connects", time.Millisecond)
		return l.Rest() > 0
	})
}

func TestRowKeeper(t *testing.T) {
	t.Parallel()
	k := harness.RowKeeper{Key: []string{"id"}, Rows: map[string]harness.Row{}}
	row := func(text string) harness.Row {
		r, err := harness.ParseRow(text)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, step := range []struct {
		event harness.RowEvent
		want  []string // keys and values of the column n
	}{
		{harness.RowEvent{Event: "create", Data: row(`{"id": 1, "n": {"a": 1}, "body": "long"}`)}, []string{`1 {"a":1} "long"`}},
		{harness.RowEvent{Event: "update", Data: row(`{"id":1,"n":2}`), OldData: row(`{"n":1}`), Unchanged: []string{"body"}}, []string{`1 2 "long"`}},
		{harness.RowEvent{Event: "update", Data: row(`{"id":7,"n":2}`), OldData: row(`{"id":1}`), Unchanged: []string{"body"}}, []string{`7 2 "long"`}},
		{harness.RowEvent{Event: "create", Data: row(`{"id":8,"n":null,"body":null}`)}, []string{`7 2 "long"`, `8 null null`}},
		{harness.RowEvent{Event: "delete", Data: row(`{"id":7}`), OldData: row(`{"id":7,"n":2}`)}, []string{`8 null null`}},
		{harness.RowEvent{Event: "truncate"}, nil},
	} {
		if err := k.Apply(step.event); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, key := range slices.Sorted(maps.Keys(k.Rows)) {
			got = append(got, key+" "+string(k.Rows[key]["n"])+" "+string(k.Rows[key]["body"]))
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", step.event.Event, diff)
		}
	}
	if err := k.Apply(harness.RowEvent{Event: "connected"}); err == nil {
		t.Error("an event that changes no row is applied")
	}
}
