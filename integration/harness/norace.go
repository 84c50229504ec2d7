//go:build !race

package harness

// RaceEnabled reports whether the tests, and so the program, have the race detector.
const RaceEnabled = false
