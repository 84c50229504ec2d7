package fanout

import "runtime"

// Config of a hub.
type Config struct {
	// Shards is how many goroutines match; 0 means one for each processor.
	Shards int
}

func (c Config) shards() int {
	if c.Shards > 0 {
		return c.Shards
	}
	return runtime.GOMAXPROCS(0)
}
