package fanout

import (
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/jsonstring"
	"github.com/tablewire/tablewire/protocol/wal"
)

// Subscription is what a subscriber asks for.
type Subscription struct {
	// Relation is the collection's table as the catalog has it now.
	Relation *wal.Relation
	// CollectionID is the collection's name as the client spelled it.
	CollectionID string
	// Filters are the client's filters, a JSON object or nil.
	Filters []byte
	// SubscriptionOptions are what the client asked for beyond them.
	protocol.SubscriptionOptions
	// Queue receives the frames, "connected" first.
	Queue *Queue
}

// Check reports what [Hub.Subscribe] would find wrong with the filters and columns.
func (s Subscription) Check() error {
	_, err := s.request().bind(s.Relation)
	return err
}

func (s Subscription) request() *request {
	return &request{
		label:   string(jsonstring.Append(nil, s.CollectionID)),
		filters: s.Filters, SubscriptionOptions: s.SubscriptionOptions,
	}
}

// Subscriber is a subscription in force. It ends with [Hub.Unsubscribe].
type Subscriber struct {
	queue *Queue
	shard *shard
	// at is the position at which the request is known to have fitted the table: an
	// older version that it does not fit is none of its business.
	at wal.LSN

	// The rest is the shard's goroutine's.

	node    *node
	request *request
	index   uint32 // in node.subscribers
	unsure  bool   // a row was shown to it of which it was not known whether it matches
}
