package fanout

import (
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/jsonstring"
	"github.com/tablewire/tablewire/protocol/wal"
)

// Subscription is a request to subscribe to a collection.
type Subscription struct {
	// Relation is the newest version of the collection's table in the catalog.
	Relation *wal.Relation
	// CollectionID is the collection's name as the client spelled it.
	CollectionID string
	// Filters are the client's filters, a JSON object or nil.
	Filters []byte
	// SubscriptionOptions are the options that the client asked for.
	protocol.SubscriptionOptions
	// Queue receives the frames, "connected" first.
	Queue *Queue
}

// Check returns the error that [Hub.Subscribe] would return for the filters and columns.
func (s Subscription) Check() error {
	_, err := s.spec().compile(s.Relation)
	return err
}

func (s Subscription) spec() *spec {
	return &spec{
		collectionJSON: string(jsonstring.Append(nil, s.CollectionID)),
		filters:        s.Filters, SubscriptionOptions: s.SubscriptionOptions,
	}
}

// Subscriber is a subscription in force. [Hub.Unsubscribe] ends it.
type Subscriber struct {
	queue *Queue
	shard *shard
	// validAt is a position at which the spec fitted the table. If the spec does not fit
	// an older version of the table, the stream is only behind: see topic.deferIfBehind.
	validAt wal.LSN

	// Only the shard's goroutine touches these.

	group      *subscriberGroup
	spec       *spec
	index      uint32 // in group.subscribers
	mayBeStale bool   // the client may hold a row that does not match: see restartTransitionSubscribers
}

// close closes the subscriber's queue; the subscription stays until Unsubscribe.
func (s *Subscriber) close(c closing) { s.queue.Close(c.code, c.reason, c.frames...) }
