//go:build !linux

package main

import "context"

// withParent returns a context of its own: only on Linux can it wait for the parent. Elsewhere the
// program goes on when "go run" alone receives a signal.
func withParent(ctx context.Context) (_ context.Context, release func()) {
	return context.WithCancel(ctx)
}
