package sql_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// Absence says why there is no collection of a name, and names similar ones.
func TestAbsence(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		t.Run(strconv.Itoa(major), func(t *testing.T) {
			t.Parallel()
			url := pgtest.StartVersion(t, major).NewDatabase(t)
			exec(t, connect(t, url), `
				CREATE SCHEMA shop;
				CREATE TABLE "Orders" (id int PRIMARY KEY);
				CREATE TABLE shop.invoices (id int PRIMARY KEY);
				CREATE TABLE invoices (id int PRIMARY KEY);
				CREATE TABLE shop.items (id int PRIMARY KEY);
				CREATE TABLE "a.b" (id int PRIMARY KEY);
				CREATE TABLE secrets (id int PRIMARY KEY);
				CREATE VIEW sums AS SELECT 1 AS n;
				CREATE MATERIALIZED VIEW days AS SELECT 1 AS n;
				CREATE TABLE events (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
				CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY RANGE (at);
				CREATE TABLE shop.events_11 PARTITION OF events_2026 FOR VALUES FROM ('2026-11-01') TO ('2026-12-01');
				CREATE EXTENSION IF NOT EXISTS postgres_fdw;
				CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;
				CREATE FOREIGN TABLE elsewhere (id int) SERVER far;
				CREATE TEMPORARY TABLE passing (id int PRIMARY KEY);`)
			db := open(t, url, "*.*", "!secrets", "!shop.items")
			for name, want := range map[string]string{
				"nope":                       "there is no such table",
				"passing":                    "there is no such table",
				"Orders":                     "it was made a moment ago",
				"orders":                     `there is no such table, but there is "Orders": a name's case`,
				"shop.orders":                `there is no such table, but there is "Orders": a name's case`,
				"Orders/":                    `there is no such table, but there is "Orders"`,
				"items":                      `there is no such table, but there is "shop.items": a name's case`,
				"shop.Invoices":              `there is no such table, but there is "invoices", "shop.invoices": a name's case`,
				"A.B":                        `there is no such table, but there is "a.b": a name's case`,
				"secrets":                    `the setting "tables" leaves it out`,
				"public.secrets":             `the setting "tables" leaves it out`,
				"shop.items":                 `the setting "tables" leaves it out`,
				"sums":                       "it is a view, ",
				"days":                       "it is a materialized view, ",
				"elsewhere":                  "it is a foreign table, ",
				"events_2026":                `it is a partition: its changes come as those of "events"`,
				"shop.events_11":             `it is a partition: its changes come as those of "events"`,
				"pg_catalog.pg_authid":       "it is PostgreSQL's own, ",
				"pg_authid":                  `there is no such table, but there is "pg_catalog.pg_authid"`,
				"'; DROP TABLE secrets; --":  "there is no such table",
				strings.Repeat("a.", 20_000): "there is no such table",
			} {
				if why, err := db.Absence(t.Context(), name); err != nil || !strings.HasPrefix(why, want) {
					t.Errorf("%.60s: %q, %v; want %q", name, why, err, want)
				}
			}
		})
	}
}
