package catalog

import (
	"slices"

	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// listing is what a refresh has found.
type listing struct {
	tables   map[wal.TableName]pgcatalog.Table // exposed
	refused  map[wal.TableName]string          // why
	warnings []string
	mark     string // the publication's
}

// report logs what changed between two refreshes, and calls Config.Interrupted and
// Config.Dropped for the tables that these are for.
func (c *Catalog) report(before, now listing, created bool) {
	for _, warning := range now.warnings {
		if !slices.Contains(before.warnings, warning) {
			c.cfg.Logger.Warn(warning)
		}
	}
	changes := listChanges{refused: map[wal.TableName]string{}}
	defer changes.log(c.cfg.Logger)
	for name, why := range now.refused {
		if before.refused[name] != why {
			changes.refused[name] = why
		}
	}
	altered := before.mark != "" && before.mark != now.mark && !created
	if altered {
		c.cfg.Logger.Warn("changes may be lost: somebody altered the publication or created it again, and it may have held changes back for a while; clients are told to come back", "publication", c.cfg.Publication)
	}
	for name, t := range now.tables {
		was, known := before.tables[name]
		if !known {
			changes.exposed = append(changes.exposed, name)
			continue
		}
		why, interrupted := interruption(was, t, altered)
		if why != "" {
			c.cfg.Logger.Warn("changes of a table may be lost: "+why, "table", name)
		}
		if interrupted {
			c.cfg.Interrupted(name)
		}
	}
	for name := range before.tables {
		if _, ok := now.tables[name]; !ok {
			changes.gone = append(changes.gone, name)
			c.cfg.Dropped(name)
		}
	}
}

// interruption reports whether changes of a table may be lost between two refreshes, and
// why, unless report has already said so of the altered publication.
func interruption(was, now pgcatalog.Table, altered bool) (why string, interrupted bool) {
	switch {
	case now.Added || was.OID != now.OID:
		return "it was created again, or had been taken out of the publication", true
	case altered:
		return "", true
	case now.Rewritten(was):
		return "ALTER TABLE has rewritten it or a partition of it, as it does when a table is UNLOGGED for a while", true
	case was.Mark != now.Mark:
		return "somebody took it out of the publication and put it back, altered its WHERE clause or columns there, or gave it another name or schema for a while", true
	}
	return "", false
}
