package cdc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// Database is what the stream asks of the database beside the slot.
type Database interface {
	Server(ctx context.Context) (pgcatalog.ServerInfo, error)
	// SlotHolder tells who reads the slot.
	SlotHolder(ctx context.Context) (pgcatalog.SlotHolder, error)
	// Sync brings the publication up to date and lists the tables that match.
	Sync(ctx context.Context) (pgcatalog.PublicationState, error)
	// Columns lists what logical replication carries of a table, and a position of
	// the log at which that was so.
	Columns(ctx context.Context, table uint32) ([]pgcatalog.TableColumn, wal.LSN, error)
	// Unsent lists the columns that logical replication does not carry.
	Unsent(ctx context.Context, table uint32) ([]wal.UnsentColumn, error)
	Types(ctx context.Context, oids []uint32) ([]pgcatalog.TypeRow, error)
	// Visible reports whether Columns and Types see what a transaction did, whose
	// commit has come through the log.
	Visible(ctx context.Context, xid uint32) (bool, error)
	// Absence says why a collection's name is that of no table that Sync lists.
	Absence(ctx context.Context, collection string) (string, error)
}

// Config of a stream.
type Config struct {
	// URL of the database, as libpq takes it.
	URL string
	// Slot and Publication are the names of the two things that a stream needs.
	Slot, Publication string
	Database          Database
	// Publish is handed the changes; see protocol.Batch for whose the memory is.
	// When it returns, the batch's end may be confirmed. An error ends the stream.
	Publish func(*wal.Batch) error
	// Lost is called when changes of any table may have been lost for good: the slot
	// or the publication was gone, or it is another server. May be nil.
	Lost func()
	// Interrupted is called when changes of one table may have been lost: it was
	// dropped and made again, or somebody took it out of the publication. May be nil.
	Interrupted func(wal.TableName)
	// Unseen is called when rows of a table were changed, came or went without changes
	// that tell of it, and the changes from before it have been published: whoever keeps
	// rows must load them anew. May be nil.
	Unseen func(table wal.TableName, why string)
	// Dropped is called when a table is no longer exposed. May be nil.
	Dropped func(wal.TableName)
	// StatusInterval is the longest time between two status replies; 0 means 10 s.
	// It is cut to a third of the server's wal_sender_timeout.
	StatusInterval time.Duration
	// RefreshInterval is how often the list of tables is looked at; 0 means 3 s.
	RefreshInterval time.Duration
	// RowBytes is how long the text of a row's values may be that is delivered,
	// together with the old values; 0 means 2 MiB. What makes it longer is left out,
	// the longest values first (protocol.Change.Omitted).
	RowBytes int
	Logger   *slog.Logger
}

// defaultRowBytes lets a value of 1 MiB through together with the one that it replaced.
// It is above what a browser wants, and little enough for a few rows to be held for
// each client that is slow: PostgreSQL's own rows have up to 1 GB.
const defaultRowBytes = 2 << 20

// slotName is what PostgreSQL takes for a slot's name.
var slotName = regexp.MustCompile(`^[a-z0-9_]{1,63}$`)

// CheckNames refuses what PostgreSQL does not take as the name of a slot or of a
// publication.
func CheckNames(slot, publication string) error {
	if !slotName.MatchString(slot) {
		return &protocol.Problem{
			What: fmt.Sprintf("%q is no name for a replication slot", slot),
			Cure: "use lower-case letters, digits and underscores, 63 at most",
		}
	}
	if publication == "" || len(publication) > 63 {
		return &protocol.Problem{
			What: fmt.Sprintf("%q is no name for a publication", publication),
			Cure: "use 1 to 63 bytes",
		}
	}
	return nil
}

func (c *Config) validate() error {
	if c.Database == nil || c.Publish == nil {
		return errors.New("cdc: Database and Publish are required")
	}
	if err := CheckNames(c.Slot, c.Publication); err != nil {
		return err
	}
	if err := CheckURL(c.URL); err != nil {
		return err
	}
	if c.StatusInterval <= 0 {
		c.StatusInterval = 10 * time.Second
	}
	if c.RefreshInterval <= 0 {
		c.RefreshInterval = 3 * time.Second
	}
	if c.RowBytes <= 0 {
		c.RowBytes = defaultRowBytes
	}
	if c.Lost == nil {
		c.Lost = func() {}
	}
	if c.Dropped == nil {
		c.Dropped = func(wal.TableName) {}
	}
	if c.Unseen == nil {
		c.Unseen = func(wal.TableName, string) {}
	}
	if c.Interrupted == nil {
		c.Interrupted = func(wal.TableName) {}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}
