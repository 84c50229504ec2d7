package pgserver

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
)

// Config says which server [Start] runs. The zero value means a server on a free port, with
// a temporary data directory.
type Config struct {
	// DataDir is the data directory. Start creates it if it does not exist, and reuses it
	// if it is initialised. Default: a temporary directory, which Close removes.
	DataDir string

	// Port is the TCP port on 127.0.0.1. Default: a free port.
	Port int

	// CacheDir is the folder that keeps downloaded binaries. Default: the folder tablewire in
	// os.UserCacheDir, or /var/cache/tablewire if the server's user can't enter that.
	CacheDir string

	// Settings are parameters as in postgresql.conf; the server gets them on its command line.
	// They override the defaults: wal_level=logical, listen on 127.0.0.1, no Unix socket,
	// log to stderr.
	Settings map[string]string

	// Major is the major version of PostgreSQL, MinMajor or later. Default: the version that
	// initialised the data directory, else any.
	Major int

	// BinDir is a folder with initdb and postgres. Default: Start searches, as the package's
	// documentation says.
	BinDir string

	// Progress receives a sentence for the person who waits for a download: when it begins,
	// every few seconds, and when it ends. Calls don't overlap. Default: no reports.
	Progress func(sentence string)

	// Logger receives the steps of the start at level Info, and the lines of the server's log
	// at level Debug. Default: nothing is logged.
	Logger *slog.Logger
}

// validate reports the first setting that can't be used, and fills in Progress and Logger.
func (cfg *Config) validate() error {
	if cfg.Port < 0 || cfg.Port > 65535 {
		return fmt.Errorf("port %d is not between 0 and 65535", cfg.Port)
	}
	if cfg.Major != 0 && cfg.Major < MinMajor {
		return fmt.Errorf("PostgreSQL %d is too old: version %d or later is needed", cfg.Major, MinMajor)
	}
	if _, ok := cfg.Settings["port"]; ok {
		return errors.New("the parameter port can't stand in Config.Settings: set Config.Port")
	}
	if cfg.Progress == nil {
		cfg.Progress = func(string) {}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// args returns the arguments of the program postgres, for a server on dataDir that listens on port.
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
