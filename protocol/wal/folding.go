package wal

// Folding is how a database's lower() folds text, which is how citext compares. It
// is asked of the server, because it depends on the server's C library or ICU. It is
// never altered: two types of one database share it.
type Folding struct {
	// Unknown says why it is not known; all else is zero then.
	Unknown string
	// Lower has the characters that become others, with what they become.
	Lower map[rune]string
	// FinalSigma says that Σ becomes ς where a word ends: behind a cased character and
	// not before one, with ignorable ones between them looked through.
	FinalSigma       bool
	Cased, Ignorable []RuneRange
	// IgnorableStart says that ignorable characters at a text's start are as good as a
	// cased one.
	IgnorableStart bool
	// Marks says that a combining mark may change what a character before it becomes,
	// in ways that are not known here (Turkish and Lithuanian by ICU).
	Marks bool
}

// RuneRange is a run of characters, both ends included.
type RuneRange struct{ First, Last rune }
