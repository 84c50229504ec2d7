package fanout

import "github.com/tablewire/tablewire/protocol"

// Subscription is what a subscriber asks for.
type Subscription struct {
	// Relation is the collection's table as the catalog has it now.
	Relation *protocol.Relation
	// CollectionID is the collection's name as the client spelled it.
	CollectionID string
	// Filters are the client's filters, a JSON object or nil.
	Filters []byte
	// Queue receives the frames, "connected" first.
	Queue *Queue
}

// Subscriber is a subscription in force. It ends with [Hub.Unsubscribe].
type Subscriber struct {
	queue   *Queue
	shard   *shard
	node    *node  // of the shard's goroutine
	index   int    // in node.subscribers; of the shard's goroutine
	filters []byte // as the client sent them, to compile them anew; equal ones of a node are shared
}
