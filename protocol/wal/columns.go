package wal

// Columns is a set of a relation's columns. The empty string is the set of all columns;
// else byte i is 1 if column i is in the set, and 0 if not. Being a string, it is
// comparable and can be a map's key.
type Columns string

// Has reports whether the column with index i is in the set.
func (s Columns) Has(i int) bool { return s == "" || s[i] != 0 }
