package httpapi

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// plainPing is a ping as the API has it.
const plainPing = `{"type":"ping"}`

// isPing reports whether a message is a plain ping, however it is spaced: that is
// known without parsing, and costs less than a message. Any other ping is a
// message like others, and is answered all the same.
func isPing(message []byte) bool {
	want, quoted := plainPing, false
	for _, b := range message {
		if !quoted && (b == ' ' || b == '\t' || b == '\n' || b == '\r') {
			continue
		}
		if want == "" || b != want[0] {
			return false
		}
		quoted = quoted != (b == '"')
		want = want[1:]
	}
	return want == ""
}

// errNotUTF8 says that a text is not UTF-8.
var errNotUTF8 = errors.New(notUTF8)

// readMessage reads a message from r, and from a text no further than what shows
// that it is not UTF-8 (RFC 6455, section 8.1): a message whose end never comes is
// not waited for.
func readMessage(buf *bytes.Buffer, typ int, r io.Reader) error {
	checked := 0 // so many bytes are known to be good
	for {
		buf.Grow(bytes.MinRead)
		free := buf.AvailableBuffer()
		n, err := r.Read(free[:cap(free)])
		_, _ = buf.Write(free[:n]) // into its place: never fails
		if typ == websocket.TextMessage {
			rest := buf.Bytes()[checked:]
			if err == nil {
				rest = wholeRunes(rest)
			}
			if !utf8.Valid(rest) {
				return errNotUTF8
			}
			checked += len(rest)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// wholeRunes leaves out what may be the beginning of a character at the end.
func wholeRunes(p []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(p); i++ {
		if last := p[len(p)-i:]; utf8.RuneStart(last[0]) {
			if utf8.FullRune(last) {
				return p
			}
			return p[:len(p)-i]
		}
	}
	return p
}
