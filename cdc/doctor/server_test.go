package doctor_test

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// wal_level can't be changed without a restart. The finding names what to do, for a hosted
// database in the words of its provider.
func TestWALLevel(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			settings := map[string]string{"wal_level": "replica"}
			if major >= 19 { // replica is enough
				settings = map[string]string{"wal_level": "minimal", "max_wal_senders": "0"}
			}
			s := newSubject(t, pgtest.SeparateVersion(t, major, settings))
			report := s.examine(t)
			found := find(report, "wal-level")
			if found == nil || found.Severity != blocks || !strings.Contains(found.Problem.Hint, "ALTER SYSTEM SET wal_level") || len(found.Problem.SQL) == 0 || !report.Blocks() {
				t.Errorf("want blocks wal-level: %s", describe(report))
			}
			for _, f := range report.Findings {
				if f.Severity == blocks && f != *found {
					t.Errorf("another finding blocks: %s", describe(report))
				}
			}
			s.run(t, `ALTER DATABASE {database} SET cloudsql.logical_decoding = 'off'`)
			if found := find(s.examine(t), "wal-level"); found == nil || !strings.Contains(found.Problem.Hint, "cloudsql.logical_decoding = on") {
				t.Errorf("on Google Cloud SQL: %+v", found)
			}
		})
	}
}

// A standby is examined as one.
func TestStandby(t *testing.T) {
	t.Parallel()
	for _, major := range []int{15, 19} { // 15 can't be followed
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			primary := pgtest.SeparateVersion(t, major, nil)
			s := newSubject(t, primary)
			s.quick = true // a slot of a standby waits for its primary
			standby := primary.Standby(t, nil)
			s.conn = connect(t, s.url)
			s.as = standby.URL(s.conn.Config().Database)
			report := s.examine(t)
			want := []string{"publication-missing", "standby-feedback"}
			if major < 16 {
				want = []string{"standby-version"}
			}
			for _, id := range want {
				if find(report, id) == nil {
					t.Errorf("want %s: %s", id, describe(report))
				}
			}
			if failed := find(report, "probe-failed"); failed != nil {
				t.Errorf("a probe failed: %s", describe(report))
			}
		})
	}
}

// An address that is balanced over two servers is noticed.
func TestSeveralServers(t *testing.T) {
	t.Parallel()
	first, second := pgtest.Start(t), pgtest.Separate(t, nil)
	s := newSubject(t, first)
	s.quick = true
	for name, as := range map[string]string{"several": balance(t, first.URL("postgres"), second.URL("postgres")), "one": balance(t, first.URL("postgres"), first.URL("postgres"))} {
		s.as = as
		report := s.examine(t)
		if found := find(report, "several-servers"); (found != nil) != (name == "several") {
			t.Errorf("%s: %s", name, describe(report))
		}
	}
}

// balance passes each connection on to the next of the servers. It returns the URL.
func balance(t *testing.T, urls ...string) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var n atomic.Int64
	var serving sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); serving.Wait() })
	serving.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			u, _ := url.Parse(urls[int(n.Add(1)-1)%len(urls)])
			server, err := net.Dial("tcp", u.Host) //nolint:noctx // ends with the test's server
			if err != nil {
				_ = client.Close()
				continue
			}
			serving.Go(func() { _, _ = io.Copy(server, client); _ = server.Close() })
			serving.Go(func() { _, _ = io.Copy(client, server); _ = client.Close() })
		}
	})
	u, err := url.Parse(urls[0])
	if err != nil {
		t.Fatal(err)
	}
	u.Host = l.Addr().String()
	return u.String()
}

// A database that can't be reached is one finding, which says why.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	s := newSubject(t, pgtest.Start(t))
	database := s.conn.Config().Database
	for want, as := range map[string]string{
		"server-unreachable": "postgres://nobody@127.0.0.1:1/" + database,
		"host-unknown":       "postgres://nobody@no-such-host.invalid/" + database,
		"database-missing":   strings.Replace(s.url, database, "nonesuch", 1),
		"tls-not-offered":    strings.Replace(s.url, "sslmode=disable", "sslmode=require", 1),
	} {
		s.as = as
		report := s.examine(t)
		if report.Reached || report.Version != "" || report.Database == "" || report.Role == "" || len(report.Findings) != 1 || find(report, want) == nil || !report.Blocks() {
			t.Errorf("want %s: %+v%s", want, report, describe(report))
		}
	}
}
