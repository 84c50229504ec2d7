package cdc

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tablewire/tablewire/cdc/catalog"
	"github.com/tablewire/tablewire/cdc/internal/pgoutput"
	"github.com/tablewire/tablewire/protocol/wal"
)

// decoder turns chunks into batches and publishes them. One goroutine owns it; it
// lives as long as a connection, but for what it shares with its stream.
type decoder struct {
	database Database
	resolver catalog.Resolver
	catalog  *catalog.Catalog
	publish  func(*wal.Batch) error
	unseen   func(table wal.TableName, why string)
	state    *progress
	log      *slog.Logger
	// rowBytes is how much text of a row's values is delivered.
	rowBytes int

	relations map[uint32]*described
	announced []uint32 // what the stream has described since the last row
	reviewed  uint64   // the catalog's generation that the relations are of
	open      bool
	xid       uint32       // of the open transaction
	position  wal.Position // of the next change, while a transaction is open
	batch     wal.Batch
	row       pgoutput.Row
	values    []wal.Value    // of the batch's rows
	leaf      [1]*loggedKeys // of the change at hand, where the partition is known
}

// progress is what outlives a connection.
type progress struct {
	confirmed    atomic.Uint64 // LSN
	transactions atomic.Uint64
	changes      [len(wal.Ops)]atomic.Uint64
	omitted      atomic.Uint64 // values that were too long to be delivered

	// published is the position before which all changes have been published: they
	// come again after a lost connection, and are passed over. Of the decoder.
	published wal.Position
	// partitions are those of each table that has some, by its OID. Of the decoder.
	partitions map[uint32]*partitions
	// truncations are the last transactions that truncated each table, by its OID, as a
	// whole. Of the decoder.
	truncations map[uint32][]uint32
	// omissionLogged is when an omission was logged last. Of the decoder.
	omissionLogged time.Time
}

// chunk decodes and publishes the messages of a chunk, then moves the position.
func (d *decoder) chunk(ctx context.Context, c *chunk) error {
	d.batch = wal.Batch{Changes: d.batch.Changes[:0], Messages: d.batch.Messages[:0]}
	d.values = d.values[:0]
	if err := d.review(ctx); err != nil {
		return err
	}
	start := 0
	for _, end := range c.ends {
		if err := d.message(ctx, c.buf[start:end]); err != nil {
			return err
		}
		start = end
	}
	d.batch.Open = d.open
	if len(d.batch.Changes)+len(d.batch.Messages) > 0 {
		if err := d.publish(&d.batch); err != nil {
			return fmt.Errorf("publish changes: %w", err)
		}
		d.state.published = d.position
		for i := range d.batch.Changes {
			d.state.changes[d.batch.Changes[i].Op].Add(1)
		}
	}
	d.confirm(d.batch.End)
	if !d.open {
		d.confirm(c.keepalive)
	}
	d.reportUnseen()
	if cap(c.buf) > maxIdle {
		// What is kept for the next batch must not keep a huge row alive.
		clear(d.batch.Changes[:cap(d.batch.Changes)])
		clear(d.batch.Messages[:cap(d.batch.Messages)])
		clear(d.values[:cap(d.values)])
	}
	return nil
}

func (d *decoder) confirm(lsn wal.LSN) {
	if uint64(lsn) > d.state.confirmed.Load() {
		d.state.confirmed.Store(uint64(lsn))
	}
}

func (d *decoder) message(ctx context.Context, m []byte) error {
	if len(m) == 0 {
		return fmt.Errorf("decode a replication message: it is empty")
	}
	switch m[0] {
	case pgoutput.TypeBegin:
		b, err := pgoutput.DecodeBegin(m)
		d.open, d.position, d.xid = true, wal.Position{Commit: b.FinalLSN}, b.XID
		return err
	case pgoutput.TypeCommit:
		c, err := pgoutput.DecodeCommit(m)
		d.open, d.batch.End = false, c.EndLSN
		d.state.transactions.Add(1)
		return err
	case pgoutput.TypeRelation:
		return d.relation(m)
	case pgoutput.TypeInsert, pgoutput.TypeUpdate, pgoutput.TypeDelete:
		return d.change(ctx, m)
	case pgoutput.TypeTruncate:
		return d.truncate(ctx, m)
	case pgoutput.TypeMessage:
		return d.emitted(m)
	case pgoutput.TypeOrigin, pgoutput.TypeType:
		return nil
	}
	return fmt.Errorf("decode a replication message: unknown type %q", m[0])
}

// advance gives the position of what comes next. It is not fresh when it was
// published before the connection was lost.
func (d *decoder) advance() (position wal.Position, fresh bool) {
	position = d.position
	d.position.Index++
	return position, position.Compare(d.state.published) >= 0
}

// emitted takes a logical message. One that is not part of a transaction is none
// of ours, because it would be sent whether its transaction commits or not.
func (d *decoder) emitted(m []byte) error {
	e, err := pgoutput.DecodeMessage(m)
	if err != nil || !e.Transactional || !strings.HasPrefix(e.Prefix, wal.MessagePrefix) {
		return err
	}
	if position, fresh := d.advance(); fresh {
		d.batch.Messages = append(d.batch.Messages, wal.Message{Position: position, Prefix: e.Prefix, Content: e.Content})
	}
	return nil
}

// next gives the place of a new change in the batch, or nil when it was published
// before.
func (d *decoder) next(rel *wal.Relation, op wal.Op) *wal.Change {
	position, fresh := d.advance()
	if !fresh {
		return nil
	}
	d.batch.Changes = append(d.batch.Changes, wal.Change{Op: op, Relation: rel, Position: position})
	return &d.batch.Changes[len(d.batch.Changes)-1]
}

func (d *decoder) change(ctx context.Context, m []byte) error {
	oid, err := pgoutput.RelationOID(m)
	if err != nil {
		return err
	}
	known, leaf, err := d.describedFor(ctx, oid)
	if err != nil {
		return fmt.Errorf("decode a change: %w", err)
	}
	rel, op := known.relation, opOf(m[0])
	c := d.next(rel, op)
	if c == nil {
		return nil
	}
	n := len(rel.Columns)
	d.row = pgoutput.Row{}
	switch op {
	case wal.Create:
		d.row.New = d.reserve(n)
		err = pgoutput.DecodeInsert(m, &d.row)
	case wal.Update:
		d.row.New, d.row.Old = d.reserve(n), d.reserve(n)
		err = pgoutput.DecodeUpdate(m, &d.row)
	default:
		d.row.Old = d.reserve(n)
		err = pgoutput.DecodeDelete(m, &d.row)
	}
	if err != nil {
		return err
	}
	if op != wal.Delete && len(d.row.New) != n || d.row.OldKind != 0 && len(d.row.Old) != n {
		return fmt.Errorf("decode a change of %s: it has %d new and %d old values, the table %d columns",
			rel.TableName(), len(d.row.New), len(d.row.Old), n)
	}
	if op != wal.Delete {
		c.New = d.row.New
	}
	if d.row.OldKind != 0 {
		c.Old, c.OldFull = d.row.Old, d.row.OldKind == 'O'
	}
	if known.partitions != nil {
		d.judge(known, c, leaf)
	} else if d.row.OldKind == 'K' {
		readNullKeys(c)
	}
	if c.Old != nil {
		fillUnchanged(c)
	}
	if !known.fits(c) {
		if err := d.renew(ctx, known, c); err != nil {
			return err
		}
	}
	if len(m) > d.rowBytes { // shorter messages have nothing that is too long
		d.omit(c)
	}
	return nil
}

// readNullKeys finds the NULLs in an old key, which is sent whole: there they look like
// what is not sent. Of a partitioned table it is the partition's key that is sent, which
// [partitions.correct] deals with.
func readNullKeys(c *wal.Change) {
	for i := range c.Relation.Columns {
		if c.Relation.Columns[i].Key && c.Old[i].State == wal.Absent {
			c.Old[i].State = wal.Null
		}
	}
}

// omit leaves out of a change what is too long to be delivered, and says so: now and
// then only, because where there is one such row there are many.
func (d *decoder) omit(c *wal.Change) {
	columns := c.Omit(d.rowBytes)
	if columns == 0 {
		return
	}
	total := d.state.omitted.Add(uint64(columns))
	if now := time.Now(); now.Sub(d.state.omissionLogged) > time.Minute {
		d.state.omissionLogged = now
		var names []string
		for i, omitted := range c.Omitted {
			if omitted {
				names = append(names, c.Relation.Columns[i].Name)
			}
		}
		d.log.Warn(`values were too long to be delivered and are left out of events, which name their columns; the limit is the setting "row-bytes"`,
			"table", c.Relation.TableName(), "columns", names, "limit", d.rowBytes, "values_so_far", total)
	}
}

// reserve gives an empty slice with room for a row, of memory that the batch's
// rows share. It grows to what the longest batch needs and is then kept; rows that
// are there already stay where they are.
func (d *decoder) reserve(n int) []wal.Value {
	if cap(d.values)-len(d.values) < n {
		d.values = make([]wal.Value, 0, max(1024, 2*cap(d.values), n))
	}
	end := len(d.values) + n
	row := d.values[len(d.values):len(d.values):end]
	d.values = d.values[:end]
	return row
}

// fillUnchanged takes values that did not travel from the old row: from a whole one
// all of them, else those of the key, which is sent whole when a part of it is
// stored apart (TOAST).
func fillUnchanged(c *wal.Change) {
	for i := range c.New {
		if c.New[i].State == wal.Unchanged && (c.OldFull || c.Old[i].State == wal.Text) {
			c.New[i] = c.Old[i]
		}
	}
}

func opOf(messageType byte) wal.Op {
	switch messageType {
	case pgoutput.TypeInsert:
		return wal.Create
	case pgoutput.TypeUpdate:
		return wal.Update
	}
	return wal.Delete
}

func (d *decoder) truncate(ctx context.Context, m []byte) error {
	t, err := pgoutput.DecodeTruncate(m)
	if err != nil {
		return err
	}
	for _, oid := range t.Relations {
		known, err := d.ready(ctx, oid)
		if err != nil {
			return fmt.Errorf("decode a truncation: %w", err)
		}
		d.next(known.relation, wal.Truncate)
		d.state.truncated(oid, d.xid)
	}
	d.announced = d.announced[:0]
	return nil
}
