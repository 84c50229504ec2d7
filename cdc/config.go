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
	// Slot and Publication are names. The stream creates what is missing.
	Slot, Publication string
	// Database answers the stream, CatalogDatabase the catalog and its clients. They may be
	// the same value, with one connection for both.
	Database        Database
	CatalogDatabase catalog.Database
	// Publish takes the changes, on the decoder's goroutine. The batch and its memory are the
	// decoder's again when Publish returns: see [wal.Batch]. Then the stream may confirm the
	// batch's end to PostgreSQL. An error ends the connection, and the stream sends the
	// changes again on the next one.
	Publish func(*wal.Batch) error
	// Lost is called when changes of any table may be lost for good: the slot or the
	// publication was gone, or the server is another one. May be nil.
	Lost func()
	// Interrupted is called when changes of one table may be lost: the table was dropped and
	// created again, or somebody took it out of the publication. May be nil.
	Interrupted func(wal.TableName)
	// Unseen is called when rows of a table came, went or changed without events, after all
	// changes from before that have been published: a client that keeps rows must load them
	// again. why is for clients, too. May be nil.
	Unseen func(table wal.TableName, why string)
	// Dropped is called when a table is no longer exposed. May be nil.
	Dropped func(wal.TableName)
	// StatusInterval is the longest time between two status updates; 0 means 10 s. A third
	// of the server's wal_sender_timeout is the upper limit.
	StatusInterval time.Duration
	// RefreshInterval is the time between two refreshes of the list of tables; 0 means
	// [catalog.DefaultRefreshInterval].
	RefreshInterval time.Duration
	// RowBytes limits the text of a row's values, new and old together, in bytes; 0 means
	// [DefaultRowBytes]. The decoder leaves the longest values of a longer row out ([wal.Change.Omit]).
	RowBytes int
	Logger   *slog.Logger // nil: no log
}

// DefaultRowBytes is 2 MiB: it lets a value of 1 MiB through together with the one that it replaced. It
// is above what a browser wants, and small enough for a slow client's queue to hold a few
// rows. PostgreSQL's own rows have up to 1 GB.
const DefaultRowBytes = 2 << 20

// slotName matches what PostgreSQL takes as a slot's name.
var slotName = regexp.MustCompile(`^[a-z0-9_]{1,63}$`)

// CheckNames returns a problem if PostgreSQL does not take the name of the slot or of the
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

// CheckURL returns a problem if a database URL can't be read, or can be read in two ways, so
// that a part of the password could be taken for a host, a database or a parameter. That
// part would be looked up in the DNS, sent to a server and written into messages.
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
		c.RowBytes = DefaultRowBytes
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
