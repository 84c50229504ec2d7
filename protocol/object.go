package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// This file reads clients' JSON: one object in one pass, by bytes of the message, with
// errors for the client's author. It uses jsontext, because encoding/json would copy each
// value and would not say where a message stops being JSON.

// blanks is JSON's white space.
const blanks = " \t\r\n"

// errNotObject is the error of a message that is valid JSON but not an object.
var errNotObject = errors.New("want a JSON object")

// readObject reads a message that is one JSON object. It sets values[i] to the value of
// the member names[i], which shares the message's memory, and leaves values[i] alone if
// the member is missing. The last of several members with one name counts. The values of
// other members only have to be valid JSON. The result is the first other member that
// looks like a typo of one of names, or nil. The error is for the client's author;
// errNotObject implies that the message is valid JSON.
func readObject(message []byte, names []string, values []json.RawMessage) (mistyped *typo, err error) {
	r := read(message)
	defer r.release()
	object := r.dec.PeekKind() == '{'
	if object {
		mistyped, err = r.members(names, values)
	} else {
		_, err = r.value()
	}
	if err != nil {
		return nil, r.explain(err)
	}
	if rest := bytes.TrimLeft(message[r.dec.InputOffset():], blanks); len(rest) > 0 {
		return nil, r.errAt(rest, "after top-level value")
	}
	if !object {
		return nil, errNotObject
	}
	return mistyped, nil
}

// readList reads a JSON array of strings. A null in the array becomes an empty string. The
// list is nil if raw is empty or null; ok is false if raw is anything else.
func readList(raw json.RawMessage) (list []string, ok bool) {
	if isNull(raw) {
		return nil, true
	}
	r := read(raw)
	defer r.release()
	if r.dec.PeekKind() != '[' {
		return nil, false
	}
	if _, err := r.dec.ReadToken(); err != nil {
		return nil, false
	}
	list = []string{}
	for r.dec.PeekKind() != ']' {
		v, err := r.value()
		if err != nil {
			return nil, false
		}
		s, ok := unquote(v)
		if !ok && !isNull(v) {
			return nil, false
		}
		list = append(list, s)
	}
	return list, true
}

// unquote returns the text of a JSON string; ok is false for any other JSON. An unpaired
// surrogate, which JavaScript's strings may contain, becomes U+FFFD.
func unquote(raw json.RawMessage) (s string, ok bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	if bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return string(raw[1 : len(raw)-1]), true
	}
	text, _ := jsontext.AppendUnquote(nil, raw) // its error only says that something became U+FFFD
	return string(text), true
}

// MaxDepth is how many levels of objects and arrays a message may nest, its own included.
// Many JSON parsers that receive the message later accept no more. jsontext would accept
// ten times as many, at a cost higher than that of all else in a message.
const MaxDepth = 1000

// errTooDeep replaces the decoder's own error, which contains the path to the value and so
// can be as long as the message.
var errTooDeep = errors.New("nested too deep")

// reader reads one message. It reads nested values token by token rather than by
// recursion: a level then costs 8 bytes of heap, not hundreds of bytes of the goroutine's
// stack, which would shrink late.
type reader struct {
	message []byte
	buf     bytes.Buffer // the message; dec reads from a bytes.Buffer without copying
	dec     jsontext.Decoder
	name    [longestQuoted]byte // scratch of unquoted
	lower   [longestQuoted]byte // scratch of findTypo
}

// longestQuoted is the length in bytes of the longest known member as a message may spell
// it: 16 characters, each escaped, and the quotes.
const longestQuoted = 16*len(`\u0000`) + 2

// readerOptions let the last of duplicate members count. They allow invalid UTF-8 because
// the decoder counts an escaped, unpaired surrogate as invalid too; callers check the
// message's UTF-8 before.
var readerOptions = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// readers pools readers with an empty buffer and a decoder that reads from it.
var readers = sync.Pool{New: func() any {
	r := new(reader)
	r.dec.Reset(&r.buf, readerOptions...)
	return r
}}

func read(message []byte) *reader {
	r := readers.Get().(*reader)
	r.message, r.buf = message, *bytes.NewBuffer(message)
	return r
}

// release returns the reader to the pool. It drops its reference to the message.
func (r *reader) release() {
	r.message, r.buf = nil, bytes.Buffer{}
	r.dec.Reset(&r.buf, readerOptions...)
	readers.Put(r)
}

// members reads an object; see readObject.
func (r *reader) members(names []string, values []json.RawMessage) (mistyped *typo, err error) {
	if _, err := r.dec.ReadToken(); err != nil {
		return nil, err
	}
	for r.dec.PeekKind() == '"' {
		quoted, err := r.dec.ReadValue()
		if err != nil {
			return nil, err
		}
		name := r.unquoted(quoted)
		i := index(names, name)
		if i < 0 && mistyped == nil {
			mistyped = r.findTypo(name, names)
		}
		value, err := r.value()
		if err != nil {
			return nil, err
		}
		if i >= 0 {
			values[i] = value
		}
	}
	_, err = r.dec.ReadToken() // the closing brace, or an error
	return mistyped, err
}

// index finds a name by exact comparison; -1 if names lacks it.
func index(names []string, name []byte) int {
	for i, n := range names {
		if n == string(name) {
			return i
		}
	}
	return -1
}

// unquoted returns the text of a quoted name, or nil if the name is longer than all known
// members.
func (r *reader) unquoted(quoted []byte) []byte {
	switch {
	case len(quoted) > longestQuoted:
		return nil
	case bytes.IndexByte(quoted, '\\') < 0:
		return quoted[1 : len(quoted)-1]
	}
	name, _ := jsontext.AppendUnquote(r.name[:0], quoted) // as in unquote
	return name
}

// findTypo returns the typo that an unknown name looks like, or nil.
func (r *reader) findTypo(name []byte, names []string) *typo {
	meant, found := similarMember(appendLower(r.lower[:0], name), names)
	if !found {
		return nil
	}
	return &typo{name: string(name), meant: meant}
}

// value reads a value of any kind. The result shares the message's memory.
func (r *reader) value() (json.RawMessage, error) {
	var start int64
	if isContainer(r.dec.PeekKind()) {
		if _, err := r.dec.ReadToken(); err != nil {
			return nil, err
		}
		start = r.dec.InputOffset() - 1
		for depth := r.dec.StackDepth(); r.dec.StackDepth() >= depth; {
			if r.dec.StackDepth() == MaxDepth && isContainer(r.dec.PeekKind()) {
				return nil, errTooDeep
			}
			if _, err := r.dec.ReadToken(); err != nil {
				return nil, err
			}
		}
	} else {
		v, err := r.dec.ReadValue()
		if err != nil {
			return nil, err
		}
		start = r.dec.InputOffset() - int64(len(v))
	}
	end := r.dec.InputOffset()
	return r.message[start:end:end], nil
}

func isContainer(k jsontext.Kind) bool { return k == '{' || k == '[' }

// errAt says that the first character of rest, the unread end of the message, can't stand
// where it stands.
func (r *reader) errAt(rest []byte, where string) error {
	char, _ := utf8.DecodeRune(rest)
	return fmt.Errorf("at byte %d: invalid character %q %s", len(r.message)-len(rest)+1, char, where)
}

// explain turns the decoder's error into one for the client. The decoder's own error may
// repeat names from the message.
func (r *reader) explain(err error) error {
	if clientErr := r.misplaced(); clientErr != nil && !errors.Is(err, errTooDeep) {
		return clientErr
	}
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, errTooDeep):
		rest := bytes.TrimLeft(r.message[r.dec.InputOffset():], blanks+":,")
		return fmt.Errorf("at byte %d: nested deeper than %d levels", len(r.message)-len(rest)+1, MaxDepth)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("at byte %d: unexpected end of JSON input", len(r.message))
	case errors.As(err, &syntax):
		return fmt.Errorf("at byte %d: %w", syntax.ByteOffset+1, syntax.Err)
	case errors.Is(err, io.EOF):
		return errors.New("the message is empty: want a JSON object")
	}
	return err
}

// misplaced returns an error if a name or a value should begin at the decoder's position
// and does not: a name without quotes, or a comma before a closing bracket. Otherwise it
// returns nil. The decoder would blame the spelling of true, or the comma.
func (r *reader) misplaced() error {
	within, length := r.dec.StackIndex(r.dec.StackDepth())
	due, name := "", within == '{' && length%2 == 0
	switch {
	case within == '{' && !name:
		due = ":"
	case length > 0:
		due = ","
	}
	rest := bytes.TrimLeft(r.message[r.dec.InputOffset():], blanks)
	rest, ok := bytes.CutPrefix(rest, []byte(due))
	rest = bytes.TrimLeft(rest, blanks)
	switch {
	case !ok || len(rest) == 0:
	case name && rest[0] != '"':
		return r.errAt(rest, "looking for beginning of object key string")
	case !name && strings.IndexByte(`{["-0123456789tfn`, rest[0]) < 0:
		return r.errAt(rest, "looking for beginning of value")
	}
	return nil
}
