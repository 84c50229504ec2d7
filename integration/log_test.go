package integration

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// The program logs which tables are exposed, and why clients are refused. As text and as
// JSON the log says the same. It contains no key and no value of a filter.
func TestLog(t *testing.T) {
	t.Parallel()
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	db.Run(t, `DO $$ BEGIN FOR i IN 100 .. 399 LOOP EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, n numeric)', i); END LOOP; END $$;
		CREATE TABLE "No Key" (id int); CREATE TABLE nokey (id int); CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY);
		CREATE TABLE secrets (id int PRIMARY KEY);
		CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (9)`)
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			s := &harness.Server{Process: harness.Start(t, []string{"TABLEWIRE_DATABASE_URL=" + db.URL, "TABLEWIRE_API_KEY=" + harness.APIKey}, "serve", "--slot", "log_"+format,
				"--publication", "wire_log_"+format, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--log-format", format, "--tables", "public.*,!secrets")}
			m := s.WaitLine(t, `ready.*url"?[=:]"?http://([0-9.:]+).*admin"?[=:]"?http://([0-9.:]+)`)
			s.Addr, s.AdminAddr = m[1], m[2]
			for _, refused := range []struct {
				path, member string
				value        any
			}{
				{"t100", "api_key", "hush-hush"},
				{"T100", "api_key", harness.APIKey},
				{"t100", "filters", map[string]any{"n_gte": "hush-hush"}},
				{"t100", "filter", map[string]any{"n_gte": "hush-hush"}},
			} {
				c := harness.NewClient(t, s, "collections/"+refused.path, nil)
				c.Send(t, map[string]any{"api_key": harness.APIKey, refused.member: refused.value})
				if f := c.Next(t); !strings.HasPrefix(f, `{"error":`) {
					t.Errorf("%s with %s gets %s, want an error", refused.path, refused.member, f)
				}
			}
			s.Stop(t)

			const first = "parts, t100, t101, t102, t103, t104, t105, t106, t107, t108, …"
			for _, want := range [][]string{
				{"INFO", "tables are exposed", "count", "301", "tables", first},
				{"WARN", "tables are not exposed, all for the same reason", "count", "2", "tables", "No Key, nokey"},
				{"WARN", "a table is not exposed", "table", "unlogged", "reason", "it is UNLOGGED: its changes are not in the write-ahead log"},
				{"INFO", "a client was refused: its API key is missing or wrong", "path", "/realtime/collections/t100", "error", "Invalid API key", "address", "127.0.0.1", "count", "1"},
				{"INFO", "a client was refused: there is no such collection for it", "path", "/realtime/collections/T100", "error", "Collection not found or access denied", "address", "127.0.0.1", "count", "1"},
				{"INFO", "a client was refused: its filter can't be used", "error", "Invalid filter", "reason", "n_gte: the value can't be used on a column of type numeric"},
				{"INFO", "a client was refused: its first message can't be used", "error", "Invalid message", "reason", `unknown member "filter": did you mean "filters"?`},
			} {
				wantLogged(t, s.Process, format, want)
			}
			out := s.Output()
			if strings.Contains(out, "hush") || strings.Contains(out, harness.APIKey) {
				t.Errorf("the log contains a key or a value:\n%s", out)
			}
			if !strings.Contains(out, `there is no such table, but there is `) || s.CountLines("exposed") != 3 {
				t.Errorf("the log lacks the reason, or has not three lines of exposed tables:\n%s", out)
			}
		})
	}
}

// wantLogged looks for a line. Of want, the first is the level, the second the message, and
// the others are attributes: a name and a value each.
func wantLogged(t *testing.T, p *harness.Process, format string, want []string) {
	t.Helper()
	for line := range strings.Lines(p.Output()) {
		if format == "json" && hasJSON(t, line, want) || format == "text" && hasText(line, want) {
			return
		}
	}
	t.Errorf("the log has no line with %q:\n%s", want, p.Output())
}

func hasText(line string, want []string) bool {
	level := map[string]string{"INFO": " INF ", "WARN": " WRN "}[want[0]]
	has := strings.Contains(line, level+want[1]+" ")
	for i := 2; i < len(want); i += 2 {
		value := want[i+1]
		if strings.ContainsAny(value, ` "`) {
			value = strconv.Quote(value)
		}
		has = has && strings.Contains(line+" ", " "+want[i]+"="+value)
	}
	return has
}

// hasJSON fails the test if an attribute is neither a text nor a number nor a boolean.
func hasJSON(t *testing.T, line string, want []string) bool {
	t.Helper()
	var attrs map[string]any
	if err := json.Unmarshal([]byte(line), &attrs); err != nil {
		t.Errorf("%s: %v", line, err)
	}
	texts := map[string]string{}
	for name, value := range attrs {
		switch value.(type) {
		case string, float64, bool:
			texts[name] = fmt.Sprint(value)
		default:
			t.Errorf("the attribute %s is %v: %s", name, value, line)
		}
	}
	has := texts["level"] == want[0] && texts["msg"] == want[1]
	for i := 2; i < len(want); i += 2 {
		has = has && texts[want[i]] == want[i+1]
	}
	return has
}
