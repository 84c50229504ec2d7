package pgerror_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/protocol"
)

// The errors are PostgreSQL's when it can't decode a change, from its logs.
func TestExplainOfWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err   pgconn.PgError
		known bool
	}{
		{pgconn.PgError{Code: "22P05", Message: `character with byte sequence 0xfe 0xfe in encoding "EUC_JP" has no equivalent in encoding "UTF8"`}, true},
		{pgconn.PgError{Code: "54000", Message: "out of memory"}, true},
		{pgconn.PgError{Code: "XX000", Message: "invalid memory alloc request size 1258291203"}, true},
		{pgconn.PgError{Code: "XX000", Message: "cache lookup failed for type 5"}, false},
	} {
		var problem *protocol.Problem
		known := errors.As(pgerror.Explain(fmt.Errorf("the server ended the stream: %w", &tc.err)), &problem)
		if known != tc.known || known && !strings.Contains(problem.Hint, "pg_drop_replication_slot") {
			t.Errorf("%s: explained %v, want %v: %+v", tc.err.Message, known, tc.known, problem)
		}
	}
}

// The text of every error has the server's DETAIL and HINT, unless these may quote a row.
func TestExplainTellsDetailAndHint(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err          pgconn.PgError
		want, secret string
	}{
		"a condition with a hint": {
			err:  pgconn.PgError{Code: "53300", Message: "sorry", Detail: "the detail", Hint: "the\nhint"},
			want: "sorry: SQLSTATE 53300; DETAIL: the detail; HINT: the hint",
		},
		"one without": {
			err:  pgconn.PgError{Severity: "ERROR", Code: "58P01", Message: "no file", Detail: "the detail", Hint: "the hint"},
			want: "look at the server: no file: SQLSTATE 58P01; DETAIL: the detail; HINT: the hint",
		},
		"a setting's value": {
			err:  pgconn.PgError{Code: "22023", Message: "invalid value for parameter", Detail: "the detail"},
			want: "look at the server: invalid value for parameter: SQLSTATE 22023; DETAIL: the detail",
		},
		"a unique violation": {
			err:    pgconn.PgError{Severity: "ERROR", Code: "23505", Message: "duplicate key", Detail: "Key (id)=(ROW) already exists.", Hint: "the hint"},
			want:   "SQLSTATE 23505; HINT: the hint",
			secret: "ROW",
		},
		"a value that is none": {
			err:    pgconn.PgError{Severity: "ERROR", Code: "22P02", Message: `invalid input syntax for type integer: "ROW"`, Detail: "ROW"},
			want:   "SQLSTATE 22P02",
			secret: "ROW",
		},
		"a check of a view": {
			err:    pgconn.PgError{Severity: "ERROR", Code: "44000", Message: "new row violates", Detail: "Failing row contains (ROW)."},
			want:   "SQLSTATE 44000",
			secret: "ROW",
		},
	} {
		got := pgerror.Explain(fmt.Errorf("look at the server: %w", &tc.err)).Error()
		if !strings.Contains(got, tc.want) || tc.secret != "" && strings.Contains(got, tc.secret) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
