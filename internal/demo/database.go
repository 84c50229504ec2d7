package demo

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/internal/pgserver"
)

//go:embed sql/*.sql
var sqlFiles embed.FS

// sqlFile returns the text of sql/NAME.sql.
func sqlFile(name string) string {
	text, err := sqlFiles.ReadFile("sql/" + name + ".sql")
	if err != nil {
		panic(err) // it is embedded
	}
	return string(text)
}

// databaseName is the name of the demo's database.
const databaseName = "demo"

// prepare creates the demo's database and its tables, unless an earlier start has done so.
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

// createDatabase creates the database if it does not exist.
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

// createTables creates the tables that are missing, and the rows of the seed. The comment of the
// schema public has the version of the tables. If that is another version, createTables drops
// the demo's tables first. Other tables stay.
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
