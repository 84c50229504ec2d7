package catalog

import (
	"context"
	"log/slog"
	"time"

	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// Source is what a Resolver asks of the database.
type Source interface {
	// Columns returns what logical replication carries of a table, and a position of the
	// log at which that was so. There are no columns if there is no such table.
	Columns(ctx context.Context, table uint32) ([]pgcatalog.TableColumn, wal.LSN, error)
	// Types returns types by their OIDs. It leaves out those that are not there.
	Types(ctx context.Context, oids []uint32) ([]pgcatalog.TypeRow, error)
}

// Database is what a Catalog asks of the database, for clients and for itself.
type Database interface {
	Source
	// Sync brings the publication up to date and returns the tables that match.
	Sync(ctx context.Context) (pgcatalog.PublicationState, error)
	// Unsent returns the columns of a table that logical replication does not carry.
	Unsent(ctx context.Context, table uint32) ([]wal.UnsentColumn, error)
	// Absence says why a collection's name is not the name of a table that Sync returns.
	Absence(ctx context.Context, collection string) (string, error)
}

// DefaultRefreshInterval is Config.RefreshInterval if that is 0.
const DefaultRefreshInterval = 3 * time.Second

// Config of a Catalog.
type Config struct {
	Database Database
	// Publication is the publication's name, for the log.
	Publication string
	// RefreshInterval is how long a table's version is kept before the database is asked
	// again; 0 means DefaultRefreshInterval.
	RefreshInterval time.Duration
	// Created is called when Sync has created the publication. May be nil.
	Created func()
	// Interrupted is called when changes of one table may be lost: the table was dropped and
	// created again, or somebody took it out of the publication. May be nil.
	Interrupted func(wal.TableName)
	// Dropped is called when a table is no longer exposed. May be nil.
	Dropped func(wal.TableName)
	Logger  *slog.Logger // nil: no log
}

func (c *Config) setDefaults() {
	if c.RefreshInterval <= 0 {
		c.RefreshInterval = DefaultRefreshInterval
	}
	if c.Created == nil {
		c.Created = func() {}
	}
	if c.Interrupted == nil {
		c.Interrupted = func(wal.TableName) {}
	}
	if c.Dropped == nil {
		c.Dropped = func(wal.TableName) {}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
}
