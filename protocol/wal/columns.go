package wal

// Columns is a choice among a relation's columns: "" is all of them, else there is
// a byte for each column, 1 for those that are chosen.
type Columns string

// Has reports whether the column at an index is chosen.
func (s Columns) Has(i int) bool { return s == "" || s[i] != 0 }
