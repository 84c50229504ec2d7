package pgoutput

import "fmt"

// SyntaxError says where a message is not what the protocol allows.
type SyntaxError struct {
	Type   byte   // the message's first byte; 0 if it is empty
	Offset int    // of the byte in the message where reading stopped
	Reason string // what was expected there
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("pgoutput: malformed %s message (%q) at byte %d: %s", typeName(e.Type), e.Type, e.Offset, e.Reason)
}
