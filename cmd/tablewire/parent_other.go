//go:build !linux

package main

import "context"

// withParent needs Linux: elsewhere a signal to "go run" alone leaves the program.
func withParent(ctx context.Context) (_ context.Context, release func()) {
	return context.WithCancel(ctx)
}
