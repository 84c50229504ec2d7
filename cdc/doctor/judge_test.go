package doctor

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
)

// What takes hours or millions of transactions to reach is judged from figures.
func TestJudgeFigures(t *testing.T) {
	t.Parallel()
	healthy := pgcatalog.Instance{Version: "18.1", KeepSizeMB: 20 << 10}
	for name, tc := range map[string]struct {
		slot     pgcatalog.SlotState
		prepared []pgcatalog.PreparedTransaction
		want     string
		severity protocol.Severity
		says     string
	}{
		"healthy":             {slot: pgcatalog.SlotState{Retained: someRetained - 1, CatalogAge: oldCatalog - 1, Spilled: muchSpilled - 1}},
		"young prepared":      {prepared: []pgcatalog.PreparedTransaction{{GID: "a", Seconds: 299}}},
		"old prepared":        {prepared: []pgcatalog.PreparedTransaction{{GID: "a'b", Seconds: 7500}}, want: "prepared-transaction", severity: protocol.SeverityWarns, says: "for 2h5m"},
		"catalog held back":   {slot: pgcatalog.SlotState{Active: true, CatalogAge: oldCatalog}, want: "catalog-held-back", severity: protocol.SeverityWarns, says: "10000000 transactions"},
		"spilled":             {slot: pgcatalog.SlotState{Active: true, Spilled: 3 << 30}, want: "decoding-spills", severity: protocol.SeverityNotes, says: "3.0 GB"},
		"much log":            {slot: pgcatalog.SlotState{Retained: muchRetained}, want: "slot-inactive", severity: protocol.SeverityWarns, says: "1.0 GB"},
		"some log":            {slot: pgcatalog.SlotState{Retained: someRetained}, want: "slot-inactive", severity: protocol.SeverityNotes, says: "64 MB"},
		"log of a live slot":  {slot: pgcatalog.SlotState{Active: true, Retained: muchRetained}},
		"log of a lost slot":  {slot: pgcatalog.SlotState{Lost: true, Retained: muchRetained}},
		"half of the bound":   {slot: pgcatalog.SlotState{Active: true, Retained: 10 << 30}},
		"beyond half of it":   {slot: pgcatalog.SlotState{Active: true, Retained: 10<<30 + 1}, want: "slot-wal-bound-near", severity: protocol.SeverityWarns, says: "10.0 GB"},
		"beyond, but is lost": {slot: pgcatalog.SlotState{Lost: true, Retained: 30 << 30}},
	} {
		tc.slot.Name = "tablewire"
		e := &examination{
			cfg: Config{Slot: "tablewire", Publication: "tablewire"}, info: pgcatalog.ServerInfo{VersionNum: 180001, WALSenderTimeoutMS: 60000},
			instance: healthy, slots: []pgcatalog.SlotState{tc.slot}, prepared: tc.prepared,
		}
		e.judgeServer()
		e.judgeSlots()
		if tc.want == "" {
			if len(e.findings) > 0 {
				t.Errorf("%s: %+v", name, e.findings[0].Problem)
			}
			continue
		}
		i := slices.IndexFunc(e.findings, func(f protocol.Finding) bool { return f.Problem.ID == tc.want })
		if i < 0 || e.findings[i].Severity != tc.severity || !strings.Contains(e.findings[i].Problem.What, tc.says) {
			t.Errorf("%s: want %s %s: %+v", name, tc.severity, tc.want, e.findings)
		}
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for i := range hosts {
		h := &hosts[i]
		if h.name == "" || h.advice == "" || len(h.marks) == 0 {
			t.Errorf("%+v lacks something", h)
		}
		for _, m := range h.marks {
			if seen[m] != "" {
				t.Errorf("%s is a mark of %s and of %s", m, seen[m], h.name)
			}
			seen[m] = h.name
			if got := recognise([]string{"role:postgres", m + "=on"}); got != h {
				t.Errorf("%s is recognised as %v", m, got)
			}
		}
	}
	if got := recognise([]string{"role:postgres"}); got != nil {
		t.Errorf("a plain server is recognised as %s", got.name)
	}
}

// A host with IPv6 addresses only may be out of this machine's reach.
func TestNameAddresses(t *testing.T) {
	t.Parallel()
	before := &protocol.Problem{What: "PostgreSQL can't be reached", Hint: "check the host"}
	names := map[string][]net.IPAddr{
		"v6.example":   {{IP: net.IPv6loopback}},
		"both.example": {{IP: net.IPv6loopback}, {IP: net.IPv4(127, 0, 0, 1)}},
	}
	lookup := func(_ context.Context, host string) ([]net.IPAddr, error) {
		if addresses, ok := names[host]; ok {
			return addresses, nil
		}
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	for _, host := range []string{"", "/run/postgresql", "127.0.0.1", "::1", "no-such-host.invalid", "both.example"} {
		if got := nameAddresses(t.Context(), before, host, lookup); got != before {
			t.Errorf("%q: %+v", host, got)
		}
	}
	if got := nameAddresses(t.Context(), before, "v6.example", lookup); !strings.Contains(got.What, "IPv6 addresses only, such as ::1") || !strings.HasSuffix(got.Hint, before.Hint) {
		t.Errorf("%+v", got)
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		since(0): "0s", since(59): "59s", since(60): "1m", since(200): "3m20s", since(3600): "1h", since(7500): "2h5m",
		size(0): "0 kB", size(5 << 20): "5 MB", size(3 << 30): "3.0 GB",
		shellWord("shop.orders"): "shop.orders", shellWord("it's"): `'it'\''s'`, shellWord(""): "''",
		joinFew([]string{"a", "b", "c", "d", "e", "f", "g"}, strings.ToUpper): "A, B, C, D, E and 2 more",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
