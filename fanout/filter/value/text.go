package value

import "bytes"

// Text is the opclass of text. It compares by bytes, as COLLATE "C" does.
var Text = &Opclass{
	literal:    func(text string) (Datum, error) { return Datum{bytes: []byte(text)}, nil },
	Read:       func(text []byte) (Datum, bool) { return Datum{bytes: text}, true },
	Comparison: texts,
	ordered:    true,
}

// bpcharOpclass is of char(n). Its trailing blanks are not part of the value, neither in
// comparisons nor in the cast to text (manual: Character Types).
var bpcharOpclass = &Opclass{
	literal:    func(text string) (Datum, error) { return Datum{bytes: trimPadding([]byte(text))}, nil },
	Read:       func(text []byte) (Datum, bool) { return Datum{bytes: trimPadding(text)}, true },
	Comparison: texts,
	ordered:    true,
	castText:   trimPadding,
}

func trimPadding(text []byte) []byte { return bytes.TrimRight(text, " ") }
