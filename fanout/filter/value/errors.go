package value

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// The errors about a literal read on behind it: `"abc" is not an integer`. They are for the
// client.

func errNot(what string) error { return errors.New("is not " + what) }

func errRange(typeName string) error { return fmt.Errorf("is out of range for %s", typeName) }

// maxShown is how many bytes of a literal an error repeats.
const maxShown = 60

// Shorten cuts a client's literal to what an error repeats of it: 60 bytes and "…".
func Shorten(text string) string {
	if len(text) <= maxShown {
		return text
	}
	n := maxShown
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "…"
}
