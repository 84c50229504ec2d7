//go:build unix

package filter_test

import (
	"syscall"
	"time"
)

// processorTime returns the processor time that the process has used. On a shared machine it says
// more than a clock.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
