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

// blanks may stand between the parts of JSON.
const blanks = " \t\r\n"

// errNoObject is told for JSON that is whole and no object.
var errNoObject = errors.New("want a JSON object")

// readObject reads a message that is one JSON object, in one pass: values[i] becomes
// the value of the member names[i], as its bytes in the message, or stays as it is
// where there is none. Of members of one name the last counts; the values of other
// members are looked at only for being JSON, and typo is the first of these that
// looks like a mistake for one of names. The errors are of use to a client's author,
// and that the message is no object is said only where it is JSON.
func readObject(message []byte, names []string, values []json.RawMessage) (typo *mistake, err error) {
	r := read(message)
	defer r.release()
	object := r.dec.PeekKind() == '{'
	if object {
		typo, err = r.members(names, values)
	} else {
		_, err = r.value()
	}
	if err != nil {
		return nil, r.explain(err)
	}
	if rest := bytes.TrimLeft(message[r.dec.InputOffset():], blanks); len(rest) > 0 {
		return nil, r.wrong(rest, "after top-level value")
	}
	if !object {
		return nil, errNoObject
	}
	return typo, nil
}

// readList reads a list of strings, in which null is an empty one, out of JSON. The
// list is nil where there is none or null; ok is false for anything else.
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

// unquote is the text of a JSON string; ok is false for any other JSON. Half of a
// surrogate pair, which JavaScript's strings may have, becomes U+FFFD.
func unquote(raw json.RawMessage) (s string, ok bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	if bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return string(raw[1 : len(raw)-1]), true
	}
	text, _ := jsontext.AppendUnquote(nil, raw) // an error says only that something became U+FFFD
	return string(text), true
}

// MaxDepth is how deep a message may nest objects and arrays, itself included. Most
// parsers that the message may come to go no deeper; and to go ten times as deep, as
// jsontext would, costs more than all else in a message.
const MaxDepth = 1000

// errTooDeep is for what nests deeper. The decoder's own error would name the way to
// there, which is as long as the message.
var errTooDeep = errors.New("nested too deep")

// reader walks through one message. Nested values are walked token by token, not by
// recursion, so that what a client nests takes 8 bytes of heap a level rather than
// hundreds of the socket's stack, which would not shrink at once.
type reader struct {
	message []byte
	buf     bytes.Buffer // the message, from which dec reads without copying it
	dec     jsontext.Decoder
	name    [longestQuoted]byte
	lower   [longestQuoted]byte
}

// longestQuoted is as long as a member that is looked for can be in a message: 16
// characters, each of them escaped, and the quotes.
const longestQuoted = 16*len(`\u0000`) + 2

// The last of duplicates counts. That a message is UTF-8 is checked before it is
// read; to the decoder, "invalid UTF-8" is also an escaped half of a surrogate pair.
var readerOptions = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// readers have an empty buffer and a decoder that is about to read from it.
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

// release lets go of the message, too.
func (r *reader) release() {
	r.message, r.buf = nil, bytes.Buffer{}
	r.dec.Reset(&r.buf, readerOptions...)
	readers.Put(r)
}

// members reads an object.
func (r *reader) members(names []string, values []json.RawMessage) (typo *mistake, err error) {
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
		if i < 0 && typo == nil {
			typo = r.mistaken(name, names)
		}
		value, err := r.value()
		if err != nil {
			return nil, err
		}
		if i >= 0 {
			values[i] = value
		}
	}
	_, err = r.dec.ReadToken() // the closing brace, or what stands in its place
	return typo, err
}

// index finds a name, exactly; -1 where it is none of names.
func index(names []string, name []byte) int {
	for i, n := range names {
		if n == string(name) {
			return i
		}
	}
	return -1
}

// unquoted is the name that a quoted one is; nothing for one that is longer than all
// that are looked for.
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

// mistaken says which of names an unknown name was meant to be, if it looks like one.
func (r *reader) mistaken(name []byte, names []string) *mistake {
	meant, found := lookalike(appendLower(r.lower[:0], name), names)
	if !found {
		return nil
	}
	return &mistake{name: string(name), meant: meant}
}

// value reads a value of any kind: its bytes in the message.
func (r *reader) value() (json.RawMessage, error) {
	var start int64
	if opens(r.dec.PeekKind()) {
		if _, err := r.dec.ReadToken(); err != nil {
			return nil, err
		}
		start = r.dec.InputOffset() - 1
		for depth := r.dec.StackDepth(); r.dec.StackDepth() >= depth; {
			if r.dec.StackDepth() == MaxDepth && opens(r.dec.PeekKind()) {
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

func opens(k jsontext.Kind) bool { return k == '{' || k == '[' }

// wrong is the error that the message's rest begins with what can't be there.
func (r *reader) wrong(rest []byte, where string) error {
	char, _ := utf8.DecodeRune(rest)
	return fmt.Errorf("at byte %d: invalid character %q %s", len(r.message)-len(rest)+1, char, where)
}

// explain makes the decoder's error one for the client. The decoder's own would
// repeat names out of the message.
func (r *reader) explain(err error) error {
	if told := r.misplaced(); told != nil && !errors.Is(err, errTooDeep) {
		return told
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

// misplaced is the error where a name or a value should begin and does not: a name
// without quotes, a comma before a closing bracket; nil where it is none of these.
// The decoder would say that true is misspelt, or that the comma is wrong.
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
		return r.wrong(rest, "looking for beginning of object key string")
	case !name && strings.IndexByte(`{["-0123456789tfn`, rest[0]) < 0:
		return r.wrong(rest, "looking for beginning of value")
	}
	return nil
}
