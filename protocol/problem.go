package protocol

// Problem is an error for the operator: what happened, to what, and what to do.
// It is one of the named conditions that the documentation lists.
type Problem struct {
	What string // "wal_level is replica; logical replication needs logical"
	Cure string // "ALTER SYSTEM SET wal_level = logical, then restart PostgreSQL"
	Err  error  // the cause, where there is one
}

func (p *Problem) Error() string {
	s := p.What
	if p.Err != nil {
		s += ": " + p.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (p *Problem) Unwrap() error { return p.Err }
