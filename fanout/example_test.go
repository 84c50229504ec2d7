package fanout_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/protocol/jsonstring"
	"github.com/tablewire/tablewire/protocol/wal"
)

// nobody is the Waker of a queue that a test reads itself.
type nobody struct{}

func (nobody) Wake(*fanout.Queue) {}

// One subscriber, in memory: the hub matches a batch against the subscriber's filter and
// queues the frames before Publish returns.
func Example() {
	hub := fanout.New(fanout.Config{Shards: 1})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = hub.Run(ctx) })
	defer running.Wait()
	defer cancel()

	text := wal.Type{Name: "text", Kind: wal.KindText}
	orders := &wal.Relation{Schema: "public", Name: "orders", Columns: []wal.Column{
		wal.NewColumn("id", text, true, jsonstring.Append[[]byte]),
		wal.NewColumn("status", text, false, jsonstring.Append[[]byte]),
	}}
	var queue fanout.Queue
	queue.Init(1<<20, nobody{}) // at most 1 MB waits for the socket
	subscriber, err := hub.Subscribe(fanout.Subscription{
		Relation: orders, CollectionID: "orders", Filters: []byte(`{"status":"paid"}`), Queue: &queue,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer hub.Unsubscribe(subscriber)

	insert := func(id, status string) wal.Change {
		return wal.Change{Op: wal.Create, Relation: orders, New: []wal.Value{
			{State: wal.Text, Text: []byte(id)}, {State: wal.Text, Text: []byte(status)},
		}}
	}
	err = hub.Publish(&wal.Batch{Changes: []wal.Change{insert("7", "open"), insert("8", "paid")}})
	if err != nil {
		fmt.Println(err)
		return
	}
	frames, _ := queue.Take(nil)
	for _, f := range frames {
		fmt.Println(string(f.Payload()))
		queue.Written(len(f))
	}
	// Output:
	// {"event":"connected","collection_id":"orders","filters":{"status":"paid"}}
	// {"event":"create","collection_id":"orders","data":{"id":"8","status":"paid"}}
}
