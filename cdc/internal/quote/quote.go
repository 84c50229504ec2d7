// Package quote quotes names and texts for replication commands, which take no parameters,
// and for statements that an operator is shown.
package quote

import "strings"

// Literal returns s as a string constant of SQL.
func Literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Identifier returns s as a quoted identifier of SQL.
func Identifier(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
