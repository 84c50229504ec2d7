package filter

import "bytes"

// textClass compares as COLLATE "C": by bytes.
var textClass = &class{
	literal:    func(text string) (datum, error) { return datum{bytes: []byte(text)}, nil },
	read:       func(text []byte) (datum, bool) { return datum{bytes: text}, true },
	comparison: texts,
	ordered:    true,
}

// bpcharClass is of char(n), whose trailing blanks are not part of the value,
// neither when it is compared nor when it is cast to text.
var bpcharClass = &class{
	literal:    func(text string) (datum, error) { return datum{bytes: trimPadding([]byte(text))}, nil },
	read:       func(text []byte) (datum, bool) { return datum{bytes: trimPadding(text)}, true },
	comparison: texts,
	ordered:    true,
	form:       trimPadding,
}

func trimPadding(text []byte) []byte { return bytes.TrimRight(text, " ") }
