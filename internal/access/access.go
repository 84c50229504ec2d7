// Package access shows packages of this module parts of a tablewire.Server that its
// promised surface does not have. Package tablewire sets the functions when it starts.
package access

import (
	"context"

	"github.com/tablewire/tablewire/protocol/wal"
)

// Catalog finds collections by the names that clients give.
type Catalog interface {
	Resolve(ctx context.Context, name string) (*wal.Relation, error)
}

// CatalogOf returns the catalog of server, which is a *tablewire.Server.
var CatalogOf func(server any) Catalog
