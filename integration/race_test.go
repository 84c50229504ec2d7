//go:build race

package integration

// raceEnabled has the program built with the race detector when the tests are.
const raceEnabled = true
