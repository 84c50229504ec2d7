package pgoutput

// The types of messages: the first byte of each.
const (
	TypeBegin    = 'B'
	TypeCommit   = 'C'
	TypeOrigin   = 'O'
	TypeRelation = 'R'
	TypeType     = 'Y'
	TypeInsert   = 'I'
	TypeUpdate   = 'U'
	TypeDelete   = 'D'
	TypeTruncate = 'T'
	TypeMessage  = 'M'
)

// typeName is what the manual calls a message of type t.
func typeName(t byte) string {
	switch t {
	case TypeBegin:
		return "Begin"
	case TypeCommit:
		return "Commit"
	case TypeOrigin:
		return "Origin"
	case TypeRelation:
		return "Relation"
	case TypeType:
		return "Type"
	case TypeInsert:
		return "Insert"
	case TypeUpdate:
		return "Update"
	case TypeDelete:
		return "Delete"
	case TypeTruncate:
		return "Truncate"
	case TypeMessage:
		return "Message"
	}
	return "unknown"
}
