package demo

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/internal/demo/page"
	"github.com/tablewire/tablewire/internal/pgserver"
)

//go:embed sql/*.sql
var sqlFiles embed.FS

// sqlFile reads one of the demo's statements.
func sqlFile(name string) string {
	text, err := sqlFiles.ReadFile("sql/" + name + ".sql")
	if err != nil {
		panic(err) // it is embedded
	}
	return string(text)
}

// collections are the tables that the page offers. Each of the examples matches
// some rows at any time, but for the mistakes.
func collections() []page.Collection {
	all := []page.Collection{
		{
			Name: "orders",
			Badges: map[string]map[string]string{"status": {
				"placed": "amber", "paid": "blue", "packed": "violet", "shipped": "teal", "delivered": "green", "cancelled": "red",
			}},
			Filters: []page.Filter{
				{Label: "Not yet sent", Text: "status_in=placed,paid,packed"},
				{Label: "Done with", Text: "status_in=delivered,cancelled"},
				{Label: "Over 40, or a gift", Text: "[or]total_gt=40 [or]gift=true"},
				{Label: "A mistake", Text: "total_gte=lots"},
			},
		},
		{
			Name: "products",
			Key:  []string{"sku"},
			Badges: map[string]map[string]string{"category": {
				"tea": "green", "coffee": "amber", "pottery": "blue", "pantry": "red", "paper": "violet",
			}},
			Filters: []page.Filter{
				{Label: "Tea and coffee", Text: "category_in=tea,coffee"},
				{Label: "20 and more", Text: "list_price_gte=20"},
				{Label: "Teapots", Text: "name_contains=TEAPOT"},
			},
		},
		{
			Name:   "couriers",
			Badges: map[string]map[string]string{"status": {"riding": "green", "charging": "amber"}},
			Filters: []page.Filter{
				{Label: "In Lisbon or Oslo", Text: "city_in=Lisbon,Oslo"},
				{Label: "South of the equator", Text: "lat_lt=0"},
				{Label: "Names with an o", Text: "name_contains=o"},
			},
		},
		{
			Name: "reviews",
			Filters: []page.Filter{
				{Label: "Five stars", Text: "stars=5"},
				{Label: "Not five stars", Text: "stars_ne=5"},
			},
		},
	}
	for i, c := range all {
		s := statements[c.Name]
		all[i].Inserts, all[i].Updates = s.insert != nil, s.update != nil
	}
	return all
}

// prepare makes the database and its tables, or brings what an earlier start
// left up to date. Tables that somebody else made stay.
func prepare(ctx context.Context, pg *pgserver.Server) error {
	if err := createDatabase(ctx, pg); err != nil {
		return fmt.Errorf("create the demo's database: %w", err)
	}
	conn, err := pgx.Connect(ctx, pg.URL(databaseName))
	if err != nil {
		return fmt.Errorf("open the demo's database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if err := createTables(ctx, conn); err != nil {
		return fmt.Errorf("create the demo's tables: %w", err)
	}
	return nil
}

func createDatabase(ctx context.Context, pg *pgserver.Server) error {
	conn, err := pgx.Connect(ctx, pg.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", databaseName).Scan(&exists); err != nil {
		return err
	}
	if exists {
		return nil
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{databaseName}.Sanitize())
	return err
}

// createTables makes the tables. Their version stands in the comment of the
// schema: tables of another version are made anew.
func createTables(ctx context.Context, conn *pgx.Conn) error {
	sum := sha256.Sum256([]byte(sqlFile("schema")))
	version := "Tablewire demo " + hex.EncodeToString(sum[:6])
	var found string
	err := conn.QueryRow(ctx, "SELECT coalesce(obj_description('public'::regnamespace, 'pg_namespace'), '')").Scan(&found)
	if err != nil {
		return err
	}
	script := sqlFile("schema") + sqlFile("seed")
	if found != version {
		script = sqlFile("reset") + script + "COMMENT ON SCHEMA public IS '" + version + "';"
	}
	_, err = conn.PgConn().Exec(ctx, script).ReadAll() // one implicit transaction
	return err
}
