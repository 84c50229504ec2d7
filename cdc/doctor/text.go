package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A finding names so many things, and has so many statements; then it says how many more
// there are.
const (
	maxNames      = 5
	maxStatements = 20
)

// joinFew joins the names of the first things of a list.
func joinFew[T any](list []T, name func(T) string) string {
	names := make([]string, 0, maxNames)
	for _, t := range list[:min(len(list), maxNames)] {
		names = append(names, name(t))
	}
	s := strings.Join(names, ", ")
	if more := len(list) - len(names); more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}

// few returns the statements for the first things of a list.
func few[T any](list []T, statement func(T) string) []string {
	var statements []string
	for _, t := range list[:min(len(list), maxStatements)] {
		statements = append(statements, statement(t))
	}
	return statements
}

func sorted(names map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(names)), ", ") }

// size returns bytes in the unit that reads best.
func size(bytes int64) string {
	switch {
	case bytes >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(bytes)/(1<<30))
	case bytes >= 1<<20:
		return fmt.Sprintf("%d MB", bytes>>20)
	}
	return fmt.Sprintf("%d kB", bytes>>10)
}

// since returns seconds as a duration without needless zeros: "2h", "5m", "3m20s".
func since(seconds int64) string {
	s := (time.Duration(seconds) * time.Second).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func terminate(pid int32) string { return fmt.Sprintf("SELECT pg_terminate_backend(%d)", pid) }

// shellWord quotes a word for a POSIX shell, if it needs that.
func shellWord(word string) string {
	plain := func(r rune) bool {
		return r == '_' || r == '.' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	}
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
