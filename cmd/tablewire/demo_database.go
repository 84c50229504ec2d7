package main

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/httpapi/console"
	"github.com/tablewire/tablewire/internal/pgserver"
)

//go:embed demo/*.sql
var demoFiles embed.FS

// demoSQL reads one of the demo's statements.
func demoSQL(name string) string {
	text, err := demoFiles.ReadFile("demo/" + name + ".sql")
	if err != nil {
		panic(err) // it is embedded
	}
	return string(text)
}

// demoCollections are the tables that the page offers. Each of the examples matches
// some rows at any time, but for the mistakes.
func demoCollections() []console.Collection {
	collections := []console.Collection{
		{
			Name: "orders",
			Badges: map[string]map[string]string{"status": {
				"placed": "amber", "paid": "blue", "packed": "violet", "shipped": "teal", "delivered": "green", "cancelled": "red",
			}},
			Filters: []console.Filter{
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
			Filters: []console.Filter{
				{Label: "Tea and coffee", Text: "category_in=tea,coffee"},
				{Label: "20 and more", Text: "list_price_gte=20"},
				{Label: "Teapots", Text: "name_contains=TEAPOT"},
			},
		},
		{
			Name:   "couriers",
			Badges: map[string]map[string]string{"status": {"riding": "green", "charging": "amber"}},
			Filters: []console.Filter{
				{Label: "In Lisbon or Oslo", Text: "city_in=Lisbon,Oslo"},
				{Label: "South of the equator", Text: "lat_lt=0"},
				{Label: "Names with an o", Text: "name_contains=o"},
			},
		},
		{
			Name: "reviews",
			Filters: []console.Filter{
				{Label: "Five stars", Text: "stars=5"},
				{Label: "Not five stars", Text: "stars_ne=5"},
			},
		},
	}
	for i, c := range collections {
		s := demoStatements[c.Name]
		collections[i].Inserts, collections[i].Updates = s.insert != nil, s.update != nil
	}
	return collections
}

// prepareDemo makes the database and its tables, or brings what an earlier start
// left up to date. Tables that somebody else made stay.
func prepareDemo(ctx context.Context, pg *pgserver.Server) error {
	if err := createDatabase(ctx, pg); err != nil {
		return fmt.Errorf("create the demo's database: %w", err)
	}
	conn, err := pgx.Connect(ctx, pg.URL(demoDatabase))
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
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", demoDatabase).Scan(&exists); err != nil {
		return err
	}
	if exists {
		return nil
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{demoDatabase}.Sanitize())
	return err
}

// createTables makes the tables. Their version stands in the comment of the
// schema: tables of another version are made anew.
func createTables(ctx context.Context, conn *pgx.Conn) error {
	sum := sha256.Sum256([]byte(demoSQL("schema")))
	version := "Tablewire demo " + hex.EncodeToString(sum[:6])
	var found string
	err := conn.QueryRow(ctx, "SELECT coalesce(obj_description('public'::regnamespace, 'pg_namespace'), '')").Scan(&found)
	if err != nil {
		return err
	}
	script := demoSQL("schema") + demoSQL("seed")
	if found != version {
		script = demoSQL("reset") + script + "COMMENT ON SCHEMA public IS '" + version + "';"
	}
	_, err = conn.PgConn().Exec(ctx, script).ReadAll() // one implicit transaction
	return err
}
