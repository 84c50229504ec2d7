package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5"
)

// changeRequest is the body of a request to /demo/change: to insert a row, or to update one.
type changeRequest struct {
	Collection string `json:"collection"`
	Insert     bool   `json:"insert"`
	Key        string `json:"key"` // key of the row to update; empty means the newest row
}

// postChange runs one of the demo's statements, and answers with its text and the number of
// rows that it changed. The page chooses the statement (see tableButtons) and can't send its own.
func (b *backend) postChange(w http.ResponseWriter, r *http.Request) {
	if !isLocal(r) {
		writeJSON(w, http.StatusForbidden, errorResponse{"only a page on this machine may change rows"})
		return
	}
	if !b.authorised(w, r) {
		return
	}
	var change changeRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&change); err != nil {
		writeJSON(w, http.StatusBadRequest, errorResponse{"the request can't be understood"})
		return
	}
	statement, err := change.statement()
	if err != nil {
		writeJSON(w, http.StatusBadRequest, errorResponse{err.Error()})
		return
	}
	if !b.changeRate.Allow() {
		writeJSON(w, http.StatusTooManyRequests, errorResponse{"too many changes at once: wait a second"})
		return
	}
	done := struct {
		Statement string `json:"statement"`
		Rows      int64  `json:"rows"`
	}{Statement: statement}
	err = b.withConn(r.Context(), func(ctx context.Context, conn *pgx.Conn) error {
		if err := change.checkNotFull(ctx, conn); err != nil {
			return err
		}
		tag, err := conn.Exec(ctx, statement)
		done.Rows = tag.RowsAffected()
		return err
	})
	if err != nil {
		b.writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, done)
}

// maxInserted is the number of rows at which a table's button stops inserting.
const maxInserted = 300

// checkNotFull returns an error if the request is to insert a row into a table that has
// maxInserted rows.
func (c changeRequest) checkNotFull(ctx context.Context, conn *pgx.Conn) error {
	if !c.Insert {
		return nil
	}
	var n int
	err := conn.QueryRow(ctx, "SELECT count(*) FROM "+pgx.Identifier{c.Collection}.Sanitize()).Scan(&n)
	if err == nil && n >= maxInserted {
		err = fmt.Errorf("%s has %d rows, and the demo inserts no more", c.Collection, n)
	}
	return err
}
