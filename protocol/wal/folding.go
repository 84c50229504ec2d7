package wal

// Folding describes how a database's lower() folds text: type citext compares texts by it.
// It depends on the server's C library or ICU, so the server is asked for it. A Folding is
// immutable, and the types of one database share it.
type Folding struct {
	// Unknown says why the folding is not known. The other fields are then zero.
	Unknown string
	// Lower maps each character that lower() changes to its result.
	Lower map[rune]string
	// FinalSigma says that Σ becomes ς at the end of a word: after a cased character and
	// not before one, where ignorable characters between them don't count.
	FinalSigma       bool
	Cased, Ignorable []RuneRange
	// IgnorableStart says that ignorable characters at the start of a text count as a
	// cased one.
	IgnorableStart bool
	// Marks says that a combining mark may change how the character before it folds, in
	// ways that this description lacks (ICU's Turkish and Lithuanian).
	Marks bool
}

// RuneRange is a range of characters; both ends are included.
type RuneRange struct{ First, Last rune }
