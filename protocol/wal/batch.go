package wal

// Batch is a run of changes in commit order: whole transactions, or a part of one that is
// too long to hold in memory.
type Batch struct {
	Changes []Change
	// Messages are the logical messages for this server that the transactions contain, in
	// their order.
	Messages []Message
	// End is the position that may be confirmed to PostgreSQL once this batch is
	// published: the end of the last transaction that ends in the batch, or 0 if none does.
	End LSN
	// Open says that the transaction of the last change continues in the next batch.
	Open bool
}

// MessagePrefix begins the prefix of the logical messages that are for this server.
const MessagePrefix = "tablewire:"

// Message is a logical message that a transaction contains (manual: System Administration
// Functions, pg_logical_emit_message).
type Message struct {
	Position Position
	Prefix   string
	Content  []byte // belongs to the batch
}
