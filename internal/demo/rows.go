package demo

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// getRows answers with the rows of a collection that match a filter now, as a JSON array. Each
// row has the form of a create event, so that the page treats it like one.
func (b *backend) getRows(w http.ResponseWriter, r *http.Request) {
	if !b.authorised(w, r) {
		return
	}
	var events []byte
	err := b.withConn(r.Context(), func(ctx context.Context, conn *pgx.Conn) (err error) {
		events, err = b.rows(ctx, conn, r.PathValue("collection"), r.URL.Query().Get("filters"))
		return err
	})
	if err != nil {
		b.writeError(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(events) // an error means that the page has closed the connection
}

// rows returns the JSON array for getRows.
func (b *backend) rows(ctx context.Context, conn *pgx.Conn, collection, filters string) ([]byte, error) {
	catalog := b.catalog.Load()
	if catalog == nil {
		return nil, errors.New("the server has not started yet")
	}
	rel, err := (*catalog).Resolve(ctx, collection)
	if err != nil {
		return nil, err
	}
	f, err := filter.Compile([]byte(filters), rel)
	if err != nil {
		return nil, filterError{err}
	}
	result := conn.PgConn().ExecParams(ctx, selectRows(rel), nil, nil, nil, nil)
	change := wal.Change{Op: wal.Create, Relation: rel, New: make([]wal.Value, len(rel.Columns))}
	label, err := json.Marshal(collection)
	if err != nil {
		return nil, err
	}
	events := []byte{'['}
	for result.NextRow() {
		for i, text := range result.Values() {
			change.New[i] = wal.Value{State: wal.Null}
			if text != nil {
				change.New[i] = wal.Value{State: wal.Text, Text: text}
			}
		}
		if f.Match(change.New) != filter.Yes {
			continue
		}
		if len(events) > 1 {
			events = append(events, ',')
		}
		events = protocol.AppendEvent(events, protocol.Projection{CollectionJSON: string(label)}, protocol.Outcome{Op: change.Op}, &change)
	}
	_, err = result.Close()
	return append(events, ']'), err
}

// maxRows is how many rows of a table the backend reads.
const maxRows = "1000"

// selectRows returns the statement that reads a collection's rows, in the order of their key.
func selectRows(rel *wal.Relation) string {
	var columns, key []string
	for _, c := range rel.Columns {
		name := pgx.Identifier{c.Name}.Sanitize()
		columns = append(columns, name)
		if c.Key {
			key = append(key, name)
		}
	}
	statement := "SELECT " + strings.Join(columns, ", ") + " FROM " + pgx.Identifier{rel.Schema, rel.Name}.Sanitize()
	if len(key) > 0 {
		statement += " ORDER BY " + strings.Join(key, ", ")
	}
	return statement + " LIMIT " + maxRows
}
