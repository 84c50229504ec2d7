package httpapi

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi/limit"
	"github.com/tablewire/tablewire/protocol"
)

// section returns the rows of the table under a heading of docs/limits.md.
func section(t *testing.T, heading string) (rows [][]string) {
	t.Helper()
	page, err := os.ReadFile("../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(page), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("no section %s", heading)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "|") {
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.Trim(strings.TrimSpace(cells[i]), "`")
			}
			rows = append(rows, cells)
		}
	}
	return rows[2:] // without the head
}

// TestDocumentedErrors compares the page's tables of errors and close codes, and the names
// of limits in it, with the code. The tests of cmd/tablewire compare the flags.
func TestDocumentedErrors(t *testing.T) {
	t.Parallel()
	type row struct{ message, code string }
	want := map[row]bool{}
	for _, e := range []*protocol.Error{
		protocol.ErrAuthTimeout, protocol.ErrKeyRequired, protocol.ErrKeyInvalid, protocol.ErrCollectionNotFound,
		protocol.ErrRoomForbidden, protocol.ErrRoomNotFound(""), protocol.ErrRateLimit(""), protocol.ErrInvalidJSON(""),
		protocol.ErrInvalidFilter(""), protocol.ErrInvalidEvents(""), protocol.ErrInvalidColumns(""), protocol.ErrInvalidMessage(""),
		protocol.ErrMessageTooLong(0), errRoomID(""), fanout.ErrRoomFull, fanout.ErrTooManyRooms, misspelt(t),
	} {
		code := strconv.Itoa(int(e.Code))
		if e.Code == 0 {
			code = "stays open"
		}
		want[row{e.Message, code}] = true
	}
	for _, cells := range section(t, "Errors") {
		r := row{cells[0], cells[1]}
		if !want[r] || cells[2] == "" {
			t.Errorf("%v is documented but no error of the code, or it has no advice", r)
		}
		delete(want, r)
	}
	for r := range want {
		t.Errorf("%v is not documented", r)
	}

	received := []protocol.CloseCode{closeGoingAway, protocol.CloseNoStatus, protocol.CloseAbnormal} // never sent by the server of its own accord
	codes := map[string]bool{}
	for _, code := range closeCodes {
		if !slices.Contains(received, code) {
			codes[strconv.Itoa(int(code))] = true
		}
	}
	for _, row := range section(t, "Close codes") {
		if !codes[row[0]] {
			t.Errorf("close code %s is documented and not known", row[0])
		}
		delete(codes, row[0])
	}
	for code := range codes {
		t.Errorf("close code %s is not documented", code)
	}

	page, _ := os.ReadFile("../docs/limits.md")
	for _, name := range limit.Kinds() {
		if !strings.Contains(string(page), "(`"+name.String()+"`)") {
			t.Errorf("the limit %s is not documented", name)
		}
	}
}

// misspelt returns the error for a first message with a misspelt member.
func misspelt(t *testing.T) *protocol.Error {
	t.Helper()
	_, clientErr := protocol.ParseHello([]byte(`{"filter":1}`))
	return clientErr
}

// TestDocumentedDefaults compares the page with the defaults of Config.
func TestDocumentedDefaults(t *testing.T) {
	t.Parallel()
	c := Config{}.withDefaults()
	want := map[string]string{
		"--auth-timeout": c.AuthTimeout.String(), "--ping-interval": c.PingInterval.String(),
		"--queue-bytes": strconv.Itoa(c.QueueBytes>>20) + "MiB", "--max-message-bytes": strconv.Itoa(int(c.MaxMessageBytes>>10)) + "KiB",
		"--message-rate": strconv.Itoa(int(c.MessageRate)), "--message-burst": strconv.Itoa(c.MessageBurst),
		"--address-message-rate": strconv.Itoa(int(c.AddressMessageRate)), "--max-connections": strconv.Itoa(c.MaxConnections),
		"--max-connections-per-address": strconv.Itoa(c.MaxConnectionsPerAddress), "--address-connection-rate": strconv.Itoa(int(c.AddressConnectionRate)), "--max-unauthenticated": strconv.Itoa(c.MaxUnauthenticated),
	}
	for _, row := range section(t, "Limits") {
		if v, ok := want[row[0]]; ok && v != row[2] {
			t.Errorf("%s is documented with %s, the default is %s", row[0], row[2], v)
		}
		delete(want, row[0])
	}
	for flag := range want {
		t.Errorf("%s is not documented", flag)
	}
}
