package wal

// MessagePrefix begins the prefix of the logical messages that are for us.
const MessagePrefix = "tablewire:"

// Message is a logical message that a transaction carried (manual: System
// Administration Functions, pg_logical_emit_message).
type Message struct {
	Position Position
	Prefix   string
	Content  []byte // belongs to the batch
}

// Batch is a run of changes in commit order: whole transactions, or a piece of
// one that is too long to be held.
type Batch struct {
	Changes []Change
	// Messages are what pg_logical_emit_message put into the transactions for us, in
	// their order.
	Messages []Message
	// End is the position up to which the log is dealt with once this batch is:
	// the end of the last whole transaction in it. 0 when none ended.
	End LSN
	// Open says that the last change's transaction goes on in the next batch.
	Open bool
}
