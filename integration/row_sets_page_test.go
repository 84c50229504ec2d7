package integration

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// The program in JavaScript of docs/row-sets.md runs in a real browser, on a page of another
// origin. TestPythonExamples runs the one in Python.
func TestRowSetsPage(t *testing.T) {
	t.Parallel()
	browser := findBrowser(t)
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	db.Run(t, ordersTable)
	site := emptySite(t)
	s := harness.Serve(t, db.URL, "row_sets_page", "--row-bytes", "4KiB", "--allowed-origins", site)
	p := openPage(t, browser, site)
	p.do(t, snippet(t, "js", s.Addr))
	p.want(t, "the program is connected", `lines().length === 1`)
	for _, step := range rowSetsSteps {
		db.Run(t, step.statement)
		p.want(t, step.statement+" leaves "+step.rows, fmt.Sprintf(`lines().at(-1) === %q`, step.rows))
	}
	if uncaught := p.lines(t, "uncaught:", "unhandled:"); len(uncaught) > 0 {
		t.Errorf("the program failed: %s", uncaught)
	}
}

// emptySite serves a page that shows what scripts write to its console. It returns the page's
// origin, which is not the server's.
func emptySite(t *testing.T) string {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, examplePage)
	}))
	t.Cleanup(site.Close)
	return site.URL
}

const ordersTable = `CREATE TABLE orders (id int PRIMARY KEY, customer text, status text, total int, note text)`

// rowSetsSteps are statements. After each, the documentation's programs print these rows.
var rowSetsSteps = []struct{ statement, rows string }{
	{`INSERT INTO orders VALUES (1, 'Ada', 'paid', 120, ''), (2, 'Bob', 'new', 7, '')`, `[{"id":1,"customer":"Ada","total":120}]`},
	{`UPDATE orders SET status = 'paid' WHERE id = 2`, `[{"id":1,"customer":"Ada","total":120},{"id":2,"customer":"Bob","total":7}]`},
	{`UPDATE orders SET id = 3, total = 121 WHERE id = 1`, `[{"id":2,"customer":"Bob","total":7},{"id":3,"customer":"Ada","total":121}]`},
	{`UPDATE orders SET status = 'void' WHERE id = 2`, `[{"id":3,"customer":"Ada","total":121}]`},
	{`DELETE FROM orders`, `[]`},
	{`INSERT INTO orders VALUES (4, 'Eve', 'paid', 1, '')`, `[{"id":4,"customer":"Eve","total":1}]`},
	{`UPDATE orders SET customer = repeat('x', 5000)`, `[{"id":4,"total":1}]`}, // longer than --row-bytes
	{`UPDATE orders SET customer = 'Eva'`, `[{"id":4,"total":1,"customer":"Eva"}]`},
	{`TRUNCATE orders`, `[]`},
}

// snippet returns the program in a language of docs/row-sets.md, with its address and key
// replaced.
func snippet(t *testing.T, language, addr string) string {
	t.Helper()
	doc, err := os.ReadFile("../docs/row-sets.md")
	if err != nil {
		t.Fatal(err)
	}
	_, program, found := strings.Cut(string(doc), "\n```"+language+"\n")
	program, _, ended := strings.Cut(program, "\n```\n")
	if !found || !ended {
		t.Fatalf("docs/row-sets.md has no program in %s", language)
	}
	for documented, now := range map[string]string{"localhost:8080": addr, "the key from above": harness.APIKey} {
		if strings.Count(program, documented) != 1 {
			t.Fatalf("the program in %s does not have %q once", language, documented)
		}
		program = strings.Replace(program, documented, now, 1)
	}
	return program
}
