package cdc

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/tablewire/tablewire/protocol/wal"
)

// progress is how far the stream has come. It outlives a connection: after a lost one the
// next goes on from there.
type progress struct {
	confirmed    atomic.Uint64 // LSN; only confirm and reset set it
	transactions atomic.Uint64
	changes      [len(wal.Ops)]atomic.Uint64
	omitted      atomic.Uint64 // values that were too long to be delivered

	// Owned by the decoder, and by follow while there is none:

	// published is the position before which all changes have been published. After a lost
	// connection the server sends some of them again, and the decoder skips them.
	published   wal.Position
	partitions  map[uint32]*partitions // by the OID of the partitioned table
	truncations map[uint32][]uint32    // by OID: the last transactions that truncated the whole table
	// omissionLogged is when the last omission was logged.
	omissionLogged time.Time
}

// reset forgets everything that is said in positions or transactions.
func (p *progress) reset() {
	p.confirmed.Store(0)
	p.published = wal.Position{}
	p.partitions, p.truncations = nil, nil
}

// confirm raises the confirmed position, which the next status update sends. lsn is the end
// of a transaction whose changes were published, or the position of a keepalive while no
// transaction is open. PostgreSQL sends nothing from before a confirmed position again.
func (p *progress) confirm(lsn wal.LSN) {
	if uint64(lsn) > p.confirmed.Load() {
		p.confirmed.Store(uint64(lsn))
	}
}

// maxTruncations is how many transactions that truncated a table are remembered.
const maxTruncations = 16

// truncated notes that a transaction has truncated a table, as a whole.
func (p *progress) truncated(table, xid uint32) {
	if p.truncations == nil {
		p.truncations = map[uint32][]uint32{}
	}
	list := p.truncations[table]
	if len(list) == maxTruncations {
		list = slices.Delete(list, 0, 1)
	}
	p.truncations[table] = append(list, xid)
}
