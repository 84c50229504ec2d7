package protocol

// Report is what a diagnosis of a database found.
type Report struct {
	// Reached says that the database answered. If it did not, Findings says why, and
	// Version is empty.
	Reached bool
	// Version is the server's, such as "17.6".
	Version string
	// Database and Role are those of the connection.
	Database, Role string
	// Findings is sorted by severity, the worst first.
	Findings []Finding
}

// Blocks reports whether one of the findings keeps a server from starting, or makes it lose
// changes.
func (r *Report) Blocks() bool {
	return len(r.Findings) > 0 && r.Findings[0].Severity == SeverityBlocks
}

// Finding is a condition of a database that the operator should know.
type Finding struct {
	Severity Severity
	Problem  *Problem
}

// Severity says what a Finding means for a server.
type Severity string

// The severities, the worst first.
const (
	// SeverityBlocks is for what a server refuses to start with, and for what it loses
	// changes by.
	SeverityBlocks Severity = "blocks"
	// SeverityWarns is for what a server starts with, while a part of what was asked for
	// is missing or in danger.
	SeverityWarns Severity = "warns"
	// SeverityNotes is for what an operator may want to know.
	SeverityNotes Severity = "notes"
)
