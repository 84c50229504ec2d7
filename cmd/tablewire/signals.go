package main

import (
	"os"
	"os/signal"
	"syscall"
)

// stopSignals returns the signals that end the program in good order. SIGHUP, which a closed
// terminal sends, is one of them unless the program runs under nohup.
func stopSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}
