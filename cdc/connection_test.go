package cdc

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// A database's transaction_timeout does not hold for the stream: it would end the stream at
// each transaction that takes longer to send. PostgreSQL has the setting from 17 on.
func TestSetSessionTurnsTransactionTimeoutOff(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			url := pgtest.StartVersion(t, major).NewDatabase(t)
			if major >= 17 {
				admin, err := pgx.Connect(t.Context(), url)
				if err != nil {
					t.Fatal(err)
				}
				defer admin.Close(t.Context())
				if _, err := admin.Exec(t.Context(), `DO $$ BEGIN
					EXECUTE format('ALTER DATABASE %I SET transaction_timeout = ''1min''', current_database());
				END $$`); err != nil {
					t.Fatal(err)
				}
			}
			conn, err := connect(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(t.Context())
			if err := setSession(t.Context(), conn); err != nil {
				t.Fatal(err)
			}
			results, err := conn.Exec(t.Context(), "SELECT pg_catalog.current_setting('transaction_timeout', true)").ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			if got := string(results[0].Rows[0][0]); major >= 17 && got != "0" {
				t.Errorf("transaction_timeout is %q, not 0", got)
			}
		})
	}
}
