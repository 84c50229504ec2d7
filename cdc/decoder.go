package cdc

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/tablewire/tablewire/cdc/catalog"
	"github.com/tablewire/tablewire/cdc/internal/pgoutput"
	"github.com/tablewire/tablewire/protocol/wal"
)

// decoder turns chunks into batches and publishes them. One goroutine owns it. It lives as
// long as a connection; progress is what it shares with its stream.
type decoder struct {
	database Database
	resolver catalog.Resolver
	catalog  *catalog.Catalog
	publish  func(*wal.Batch) error
	unseen   func(table wal.TableName, why string)
	progress *progress
	log      *slog.Logger
	rowBytes int // Config.RowBytes

	relations         map[uint32]*relationState
	describedSinceRow []uint32 // the OIDs of relation messages since the last row
	generation        uint64   // the catalog's when the relations were last checked against it

	open     bool         // a transaction has begun and not ended
	xid      uint32       // of the open transaction
	position wal.Position // of the next change, while a transaction is open

	batch  wal.Batch
	values []wal.Value      // of the batch's rows
	row    pgoutput.Row     // the row that is being decoded
	leaf   [1]*leafIdentity // of the partition whose change is being decoded, where that is known
}

// decodeChunk decodes and publishes the messages of a chunk, then confirms them.
func (d *decoder) decodeChunk(ctx context.Context, c *chunk) error {
	d.batch = wal.Batch{Changes: d.batch.Changes[:0], Messages: d.batch.Messages[:0]}
	d.values = d.values[:0]
	if err := d.rebuildChanged(ctx); err != nil {
		return err
	}
	start := 0
	for _, end := range c.ends {
		if err := d.decodeMessage(ctx, c.buf[start:end]); err != nil {
			return err
		}
		start = end
	}
	d.batch.Open = d.open
	if len(d.batch.Changes)+len(d.batch.Messages) > 0 {
		if err := d.publish(&d.batch); err != nil {
			return fmt.Errorf("publish changes: %w", err)
		}
		d.progress.published = d.position
		for i := range d.batch.Changes {
			d.progress.changes[d.batch.Changes[i].Op].Add(1)
		}
	}
	d.progress.confirm(d.batch.End)
	if !d.open {
		d.progress.confirm(c.keepalive)
	}
	d.reportUnseen()
	if cap(c.buf) > maxIdle {
		// The memory that is kept for the next batch must not keep a huge row alive.
		clear(d.batch.Changes[:cap(d.batch.Changes)])
		clear(d.batch.Messages[:cap(d.batch.Messages)])
		clear(d.values[:cap(d.values)])
	}
	return nil
}

func (d *decoder) decodeMessage(ctx context.Context, m []byte) error {
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
		d.progress.transactions.Add(1)
		return err
	case pgoutput.TypeRelation:
		return d.decodeRelation(m)
	case pgoutput.TypeInsert, pgoutput.TypeUpdate, pgoutput.TypeDelete:
		return d.decodeChange(ctx, m)
	case pgoutput.TypeTruncate:
		return d.decodeTruncate(ctx, m)
	case pgoutput.TypeMessage:
		return d.decodeLogicalMessage(m)
	case pgoutput.TypeOrigin, pgoutput.TypeType:
		return nil
	}
	return fmt.Errorf("decode a replication message: unknown type %q", m[0])
}

// advance returns the position of the next change or message. It is fresh unless it was
// published before the connection was lost.
func (d *decoder) advance() (position wal.Position, fresh bool) {
	position = d.position
	d.position.Index++
	return position, position.Compare(d.progress.published) >= 0
}

// decodeLogicalMessage takes Tablewire's messages and ignores those of others. It ignores
// non-transactional ones: PostgreSQL sends them even if the transaction rolls back.
func (d *decoder) decodeLogicalMessage(m []byte) error {
	e, err := pgoutput.DecodeMessage(m)
	if err != nil || !e.Transactional || !strings.HasPrefix(e.Prefix, wal.MessagePrefix) {
		return err
	}
	if position, fresh := d.advance(); fresh {
		d.batch.Messages = append(d.batch.Messages, wal.Message{Position: position, Prefix: e.Prefix, Content: e.Content})
	}
	return nil
}

// appendChange appends an empty change to the batch and returns it. It returns nil if the
// change was published before the connection was lost.
func (d *decoder) appendChange(rel *wal.Relation, op wal.Op) *wal.Change {
	position, fresh := d.advance()
	if !fresh {
		return nil
	}
	d.batch.Changes = append(d.batch.Changes, wal.Change{Op: op, Relation: rel, Position: position})
	return &d.batch.Changes[len(d.batch.Changes)-1]
}

func (d *decoder) decodeChange(ctx context.Context, m []byte) error {
	oid, err := pgoutput.RelationOID(m)
	if err != nil {
		return err
	}
	table, leaf, err := d.stateForChange(ctx, oid)
	if err != nil {
		return fmt.Errorf("decode a change: %w", err)
	}
	rel, op := table.relation, opOf(m[0])
	c := d.appendChange(rel, op)
	if c == nil {
		return nil
	}
	n := len(rel.Columns)
	d.row = pgoutput.Row{}
	switch op {
	case wal.Create:
		d.row.New = d.reserveRow(n)
		err = pgoutput.DecodeInsert(m, &d.row)
	case wal.Update:
		d.row.New, d.row.Old = d.reserveRow(n), d.reserveRow(n)
		err = pgoutput.DecodeUpdate(m, &d.row)
	default:
		d.row.Old = d.reserveRow(n)
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
	if table.partitions != nil {
		d.correctOldRow(table, c, leaf)
	} else if d.row.OldKind == 'K' {
		readNullKeys(c)
	}
	if c.Old != nil {
		fillUnchanged(c)
	}
	if !table.fits(c) {
		if err := d.rebuildForValue(ctx, table, c); err != nil {
			return err
		}
	}
	if len(m) > d.rowBytes { // a shorter message has nothing that is too long
		d.omitLong(c)
	}
	return nil
}

// readNullKeys sets the NULLs of an old key. PostgreSQL sends the key whole, and a NULL in
// it looks like a column that is not sent. For a partitioned table it sends the
// partition's key; [partitions.correct] handles that.
func readNullKeys(c *wal.Change) {
	for i := range c.Relation.Columns {
		if c.Relation.Columns[i].Key && c.Old[i].State == wal.Absent {
			c.Old[i].State = wal.Null
		}
	}
}

// omitLong leaves values out of a change that is too long to be delivered. It logs that
// once a minute at most: where there is one such row there are many.
func (d *decoder) omitLong(c *wal.Change) {
	columns := c.Omit(d.rowBytes)
	if columns == 0 {
		return
	}
	total := d.progress.omitted.Add(uint64(columns))
	if now := time.Now(); now.Sub(d.progress.omissionLogged) > time.Minute {
		d.progress.omissionLogged = now
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

// reserveRow returns an empty slice with room for n values, in memory that the batch's
// rows share. That memory grows to the size of the longest batch and is then kept. When it
// grows, earlier rows stay where they are.
func (d *decoder) reserveRow(n int) []wal.Value {
	if cap(d.values)-len(d.values) < n {
		d.values = make([]wal.Value, 0, max(1024, 2*cap(d.values), n))
	}
	end := len(d.values) + n
	row := d.values[len(d.values):len(d.values):end]
	d.values = d.values[:end]
	return row
}

// fillUnchanged takes values that PostgreSQL did not send, because they are TOASTed and
// unchanged, from the old row. A whole old row has all of them; an old key has those of
// the key, because PostgreSQL logs it whole if a part of it is TOASTed.
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

func (d *decoder) decodeTruncate(ctx context.Context, m []byte) error {
	t, err := pgoutput.DecodeTruncate(m)
	if err != nil {
		return err
	}
	for _, oid := range t.Relations {
		table, err := d.stateOf(ctx, oid)
		if err != nil {
			return fmt.Errorf("decode a truncation: %w", err)
		}
		d.appendChange(table.relation, wal.Truncate)
		d.progress.truncated(oid, d.xid)
	}
	d.describedSinceRow = d.describedSinceRow[:0]
	return nil
}
