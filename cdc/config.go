package cdc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/tablewire/tablewire/cdc/catalog"
	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// Database is what the stream asks of the database, besides the slot.
type Database interface {
	catalog.Source
	// Server returns what decides whether a stream can start.
	Server(ctx context.Context) (pgcatalog.ServerInfo, error)
	// SlotHolder returns who reads the slot.
	SlotHolder(ctx context.Context) (pgcatalog.SlotHolder, error)
	// Visible reports whether Columns and Types see what a transaction did whose commit
	// has come through the log.
	Visible(ctx context.Context, xid uint32) (bool, error)
}

// Config of a stream.
type Config struct {
	// URL of the database, as libpq takes it.
	URL string
	// Slot and Publication are the names of the two things that a stream needs.
	Slot, Publication string
	// Database answers the stream, CatalogDatabase its catalog and the catalog's clients.
	// They may be the same, with one connection for both.
	Database        Database
	CatalogDatabase catalog.Database
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
			ID:   "slot-name",
			What: fmt.Sprintf("%q can't be the name of a replication slot", slot),
			Hint: `give the setting "slot" lower-case letters, digits and underscores, 63 at most`,
		}
	}
	if publication == "" || len(publication) > 63 {
		return &protocol.Problem{
			ID:   "publication-name",
			What: fmt.Sprintf("%q can't be the name of a publication", publication),
			Hint: `give the setting "publication" 1 to 63 bytes`,
		}
	}
	return nil
}

// CheckURL refuses a database URL that can be read in two ways, one of which has a part
// of the password for a host, a database or a setting: that part would be looked up in
// the DNS, sent to a server and written into messages.
func CheckURL(url string) error { return pgerror.CheckURL(url) }

// Explain returns an error that the stream or its database met as a *protocol.Problem, if
// it is one of the known conditions. Any other error it returns as it is, with the DETAIL
// and HINT of the server in its text. No text has a password or a row's values in it.
func Explain(err error) error { return pgerror.Explain(err) }

func (c *Config) validate() error {
	if c.Database == nil || c.CatalogDatabase == nil || c.Publish == nil {
		return errors.New("cdc: Database, CatalogDatabase and Publish are required")
	}
	if err := CheckNames(c.Slot, c.Publication); err != nil {
		return err
	}
	if err := pgerror.CheckURL(c.URL); err != nil {
		return err
	}
	if c.StatusInterval <= 0 {
		c.StatusInterval = 10 * time.Second
	}
	if c.RefreshInterval <= 0 {
		c.RefreshInterval = catalog.DefaultRefreshInterval
	}
	if c.RowBytes <= 0 {
		c.RowBytes = defaultRowBytes
	}
	if c.Lost == nil {
		c.Lost = func() {}
	}
	if c.Unseen == nil {
		c.Unseen = func(wal.TableName, string) {}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}
