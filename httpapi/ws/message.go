package ws

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// notUTF8 is the reason of the close frame for a text that is not UTF-8.
const notUTF8 = "text that is not UTF-8"

var errNotUTF8 = errors.New(notUTF8)

// readMessage reads a message from r into buf. It reads a text no further than the first
// byte that shows that it is not UTF-8 (RFC 6455, section 8.1), and so does not wait for
// the end of such a message.
func readMessage(buf *bytes.Buffer, typ int, r io.Reader) error {
	checked := 0 // bytes that are known to be UTF-8
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

// wholeRunes cuts off what may be the beginning of a character at the end.
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
