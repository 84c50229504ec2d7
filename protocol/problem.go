package protocol

// Problem is an error for the operator: one of the named conditions that
// docs/troubleshooting.md lists.
type Problem struct {
	// ID names the condition. It is in kebab-case, unique in the tree, and stays the same
	// when What and Hint get better words: "wal-level".
	ID string
	// What says what is wrong: "wal_level is replica; logical replication needs logical".
	What string
	// Hint says what to do: "run ALTER SYSTEM SET wal_level = 'logical' and restart
	// PostgreSQL". It names settings of Tablewire as Setting does.
	Hint string
	// SQL has the statements that Hint is about, if they are known in full: names are
	// quoted, and no semicolon ends them.
	SQL []string
	// Err is the cause, if there is one. Its text follows What.
	Err error
}

// Error returns What and the cause, without the hint.
func (p *Problem) Error() string {
	s := p.What
	if p.Err != nil {
		s += ": " + p.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }
