package cdc_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/protocol"
)

// What PostgreSQL says when it can't decode a change; taken from its logs.
func TestExplainOfWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err   pgconn.PgError
		cured bool
	}{
		{pgconn.PgError{Code: "22P05", Message: `character with byte sequence 0xfe 0xfe in encoding "EUC_JP" has no equivalent in encoding "UTF8"`}, true},
		{pgconn.PgError{Code: "54000", Message: "out of memory"}, true},
		{pgconn.PgError{Code: "XX000", Message: "invalid memory alloc request size 1258291203"}, true},
		{pgconn.PgError{Code: "XX000", Message: "cache lookup failed for type 5"}, false},
	} {
		var problem *protocol.Problem
		cured := errors.As(cdc.Explain(fmt.Errorf("the server ended the stream: %w", &tc.err)), &problem)
		if cured != tc.cured || cured && !strings.Contains(problem.Cure, "pg_drop_replication_slot") {
			t.Errorf("%s: explained %v, want %v: %+v", tc.err.Message, cured, tc.cured, problem)
		}
	}
}
