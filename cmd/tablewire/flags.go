package main

import (
	"log/slog"

	"github.com/tablewire/tablewire"
	"github.com/tablewire/tablewire/protocol"
)

// databaseFlags are the flags that say which database and which of its tables.
type databaseFlags struct {
	DatabaseURL string   `help:"Address of the database, as postgres://user:password@host:5432/database." env:"TABLEWIRE_DATABASE_URL,DATABASE_URL" placeholder:"URL"`
	Tables      []string `help:"Tables that clients may follow: names and globs, comma-separated. One that begins with ! excludes tables." default:"public.*" env:"TABLEWIRE_TABLES"`
	Slot        string   `help:"Name of the replication slot. The server creates it if it does not exist." default:"tablewire" env:"TABLEWIRE_SLOT"`
	Publication string   `help:"Name of the publication (default: the slot's name). The server creates it if it does not exist." placeholder:"NAME" env:"TABLEWIRE_PUBLICATION"`
}

// check returns a problem if there is no database.
func (f *databaseFlags) check() error {
	if f.DatabaseURL != "" {
		return nil
	}
	return &protocol.Problem{
		ID:   "database-url-missing",
		What: "no database was given",
		Hint: "set --database-url or TABLEWIRE_DATABASE_URL to postgres://user:password@host:5432/database; \"tablewire demo\" needs none",
	}
}

// addTo writes the flags into a configuration.
func (f *databaseFlags) addTo(config *tablewire.Config) {
	config.DatabaseURL, config.Tables, config.Slot, config.Publication = f.DatabaseURL, f.Tables, f.Slot, f.Publication
	if len(f.Tables) == 0 {
		config.Tables = []string{} // package tablewire refuses that; nil would be public.*
	}
}

// listenFlags are the flags for the server's two addresses.
type listenFlags struct {
	Listen      string `help:"Address for clients." default:"127.0.0.1:8080" env:"TABLEWIRE_LISTEN"`
	AdminListen string `help:"Address for metrics, profiles and a backend's messages, without a key. Keep it private. Give off for none." default:"127.0.0.1:8081" env:"TABLEWIRE_ADMIN_LISTEN"`
}

// logFlags are the flags for the log.
type logFlags struct {
	LogFormat string     `help:"Format of the log: text or json." enum:"text,json" default:"text" env:"TABLEWIRE_LOG_FORMAT"`
	LogLevel  slog.Level `help:"Lowest level that is logged: debug, info, warn or error." default:"info" env:"TABLEWIRE_LOG_LEVEL"`
}
