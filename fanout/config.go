package fanout

import "runtime"

// Config configures a hub.
type Config struct {
	// Shards is the number of goroutines that match; 0 means GOMAXPROCS.
	Shards int
}

func (c Config) shards() int {
	if c.Shards > 0 {
		return c.Shards
	}
	return runtime.GOMAXPROCS(0)
}
