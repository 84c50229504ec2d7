//go:build !linux

package main

import "context"

// withParent returns a context of its own: only Linux tells of the parent's end. Elsewhere the
// program goes on when "go run" alone receives a signal.
func withParent(ctx context.Context) (_ context.Context, release func()) {
	return context.WithCancel(ctx)
}
