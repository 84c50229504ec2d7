package protocol

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The longest texts that a client may send, in bytes.
const (
	MaxID    = 256 // the id of a user or a room
	MaxName  = 256 // the name of a user
	MaxTitle = 512 // the title of a room
)

// ErrTextTooLong is in the chain of CheckText's error if a text exceeds its limit.
var ErrTextTooLong = errors.New("longer")

// CheckText checks an id, a name or a title. It returns an error if s is longer than limit
// bytes, is not UTF-8, or contains control characters. The error does not repeat s.
func CheckText(s string, limit int) error {
	switch {
	case len(s) > limit:
		return fmt.Errorf("%w than %d bytes", ErrTextTooLong, limit)
	case !utf8.ValidString(s):
		return errors.New("not UTF-8")
	case strings.ContainsFunc(s, unicode.IsControl):
		return errors.New("control characters are not allowed")
	}
	return nil
}

// maxRepeated is how many bytes of a client's text an error repeats.
const maxRepeated = 64

// shorten cuts s after maxRepeated bytes, between two characters.
func shorten(s string) string {
	if len(s) <= maxRepeated {
		return s
	}
	n := maxRepeated
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
