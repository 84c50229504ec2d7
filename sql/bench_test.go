package sql_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/sql"
)

// BenchmarkSync measures Sync on a database with many tables.
func BenchmarkSync(b *testing.B) {
	server := pgtest.Start(b)
	for _, tables := range []int{500, 4000} {
		b.Run(fmt.Sprintf("tables=%d", tables), func(b *testing.B) {
			url := server.NewDatabase(b)
			conn, err := pgx.Connect(b.Context(), url)
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close(b.Context())
			for i := range tables / 250 { // a transaction can lock so many
				var statements strings.Builder
				for j := range 250 {
					fmt.Fprintf(&statements, "CREATE TABLE t%d_%d (id int PRIMARY KEY);", i, j)
				}
				if _, err := conn.Exec(b.Context(), statements.String()); err != nil {
					b.Fatal(err)
				}
			}
			if _, err := conn.Exec(b.Context(), "ANALYZE"); err != nil {
				b.Fatal(err)
			}
			patterns, err := sql.ParsePatterns([]string{"none"})
			if err != nil {
				b.Fatal(err)
			}
			db, err := sql.Open(sql.Config{URL: url, Publication: "p", Slot: "s", Tables: patterns})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			for b.Loop() {
				if _, err := db.Sync(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
