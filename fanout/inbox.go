package fanout

import (
	"sync/atomic"

	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// This file has the messages of a shard's inbox: *publishJob, subscribeRequest,
// unsubscribeRequest, closeTable and closeAll.

// publishJob gives one batch to all shards with subscribers.
type publishJob struct {
	batch     *wal.Batch
	encodings []encoding    // one for each change
	waiting   atomic.Int32  // shards that have not finished
	done      chan struct{} // the last shard sends; capacity 1
}

// finish is called by each shard when it has queued its frames.
func (j *publishJob) finish() {
	if j.waiting.Add(-1) == 0 {
		j.done <- struct{}{}
	}
}

type subscribeRequest struct {
	Subscription
	subscriber *Subscriber
	compiled   compiled
	done       chan error
}

type unsubscribeRequest struct {
	subscriber *Subscriber
	done       chan struct{}
}

// closeTable closes all subscriptions to a table, or those that asked for transitions.
type closeTable struct {
	table           wal.TableName
	transitionsOnly bool
	closing
}

// closeAll closes every subscription.
type closeAll struct{ closing }

// closing says how to close a queue.
type closing struct {
	code   protocol.CloseCode
	reason string
	frames []wsframe.Frame // before the close frame
}

// closingFor sends an error's message, then its close code.
func closingFor(err *protocol.Error) closing {
	return closing{err.Code, err.Message, []wsframe.Frame{wsframe.Text(err.AppendJSON(nil))}}
}
