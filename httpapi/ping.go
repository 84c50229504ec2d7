package httpapi

// plainPing is a ping as the documentation has it.
const plainPing = `{"type":"ping"}`

// isPing reports whether a message is a plain ping, with blanks or without. It does not
// parse the message, so such a ping costs less than a message. Any other ping, such as one
// with further members, is parsed like a message, and is answered all the same.
func isPing(message []byte) bool {
	want, quoted := plainPing, false
	for _, b := range message {
		if !quoted && (b == ' ' || b == '\t' || b == '\n' || b == '\r') {
			continue
		}
		if want == "" || b != want[0] {
			return false
		}
		quoted = quoted != (b == '"')
		want = want[1:]
	}
	return want == ""
}
