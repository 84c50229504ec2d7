package protocol

import (
	"strconv"
	"unicode/utf8"
)

// typo is an unknown member of a client's message that looks like a mistyped known one.
// Other unknown members are ignored, because clients may be newer than the server; but a
// mistyped "filters" would show a client every row.
type typo struct {
	name  string // as the client wrote it
	meant string // the known member
}

// Error is the text for the author of the client.
func (t *typo) Error() string {
	return "unknown member " + strconv.Quote(t.name) + ": did you mean " + strconv.Quote(t.meant) + "?"
}

// synonyms are other APIs' names for a member.
var synonyms = [...]struct{ name, meant string }{
	{"where", "filters"},
}

// similarMember finds the member that an unknown name was most likely meant to be: a name
// that differs in case only, or by one letter inserted, deleted, replaced, or exchanged
// with its neighbour. name is in lower case.
func similarMember(name []byte, members []string) (meant string, found bool) {
	for _, m := range members {
		if withinOneEdit(name, m) {
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

// withinOneEdit reports whether name equals member, or becomes equal by one letter
// inserted, deleted, replaced, or exchanged with its neighbour. member is ASCII. The edit
// lies between the common prefix and the common suffix, so only the rest is compared.
func withinOneEdit(name []byte, member string) bool {
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

// appendLower appends name with its ASCII letters in lower case.
func appendLower(dst, name []byte) []byte {
	for _, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}
