package pgserver

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
)

// Config says which server to run. The zero value is a server with a temporary
// data directory on a free port.
type Config struct {
	// DataDir is the data directory. It is made if it does not exist and reused
	// if it is initialised. Empty: a temporary one, removed by Close.
	DataDir string
	// Port is the TCP port on 127.0.0.1. 0: a free one.
	Port int
	// CacheDir is where fetched binaries are kept. Empty: tablewire in
	// os.UserCacheDir, or /var/cache/tablewire where another user than the
	// calling one has to run them.
	CacheDir string
	// Settings are settings of postgresql.conf, given on the command line. They
	// override the defaults: wal_level=logical, listening on 127.0.0.1 only, no
	// Unix socket, log to this process.
	Settings map[string]string
	// Major is the major version of PostgreSQL to run, MinMajor or later. 0: that of
	// the data directory, or any where that is new.
	Major int
	// BinDir is a folder with initdb and postgres. Empty: they are looked for.
	BinDir string
	// Progress is called, one call at a time, with a sentence for the person who waits
	// while binaries are fetched: at the beginning, every few seconds, and at the end.
	// Nil: nobody waits.
	Progress func(sentence string)
	// Logger gets what is being done at level Info and what the server logs at
	// level Debug. Nil: nothing is logged.
	Logger *slog.Logger
}

func (cfg *Config) validate() error {
	if cfg.Port < 0 || cfg.Port > 65535 {
		return fmt.Errorf("port %d is not between 0 and 65535", cfg.Port)
	}
	if cfg.Major != 0 && cfg.Major < MinMajor {
		return fmt.Errorf("PostgreSQL %d is too old: version %d or later is needed", cfg.Major, MinMajor)
	}
	if _, ok := cfg.Settings["port"]; ok {
		return errors.New("the setting port is Config.Port")
	}
	if cfg.Progress == nil {
		cfg.Progress = func(string) {}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// args are postgres' arguments for a server in dataDir on port.
func (cfg *Config) args(dataDir string, port int) []string {
	settings := map[string]string{
		"wal_level":               "logical",
		"listen_addresses":        loopback,
		"unix_socket_directories": "",
		"logging_collector":       "off",
		"log_destination":         "stderr",
		"log_line_prefix":         "",
	}
	maps.Copy(settings, cfg.Settings)
	args := []string{"-D", dataDir, "-p", strconv.Itoa(port)}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}
