package main

import "log/slog"

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
