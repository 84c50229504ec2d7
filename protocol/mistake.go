package protocol

import (
	"strconv"
	"unicode/utf8"
)

// mistake is a member of a client's message that the server does not know and that
// looks like a mistake for one that this message has. Clients may be newer than the
// server, so other unknown members are ignored; but a typo in "filters" would show a
// client every row.
type mistake struct {
	name  string // as the client wrote it
	meant string
}

// Error is what the client's author is told.
func (m *mistake) Error() string {
	return "unknown member " + strconv.Quote(m.name) + ": did you mean " + strconv.Quote(m.meant) + "?"
}

// synonyms are names that other APIs have for a member.
var synonyms = [...]struct{ name, meant string }{
	{"where", "filters"},
}

// lookalike finds the member that an unknown name was most likely meant to be: one of
// the same letters in another case, or of one letter more, less, other, or exchanged
// with its neighbour. name is in lower case.
func lookalike(name []byte, members []string) (meant string, found bool) {
	for _, m := range members {
		if oneEditApart(name, m) {
			return m, true
		}
	}
	for _, s := range synonyms {
		for _, m := range members {
			if s.meant == m && s.name == string(name) {
				return m, true
			}
		}
	}
	return "", false
}

// oneEditApart reports whether one letter inserted, deleted, replaced, or exchanged
// with its neighbour makes name the member, or nothing does because they are equal.
// The member is ASCII. What two texts have in common at both ends can be ignored: one
// edit lies in the rest.
func oneEditApart(name []byte, member string) bool {
	if longer := len(name) - len(member); longer < -1 || longer > utf8.UTFMax {
		return false
	}
	for len(name) > 0 && len(member) > 0 && name[0] == member[0] {
		name, member = name[1:], member[1:]
	}
	for len(name) > 0 && len(member) > 0 && name[len(name)-1] == member[len(member)-1] {
		name, member = name[:len(name)-1], member[:len(member)-1]
	}
	if len(name) == 2 && len(member) == 2 {
		return name[0] == member[1] && name[1] == member[0]
	}
	return len(member) <= 1 && utf8.RuneCount(name) <= 1
}

// appendLower appends a name in lower case, as far as it is ASCII.
func appendLower(dst, name []byte) []byte {
	for _, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}
