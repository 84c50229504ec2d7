package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// The programs of docs/chat.md run in a real browser, on a page of another origin.
func TestChatPage(t *testing.T) {
	t.Parallel()
	browser := findBrowser(t)
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	site := emptySite(t)
	s := harness.Serve(t, db.URL, "chat_page", "--allowed-origins", site)
	p := openPage(t, browser, site)
	at := strings.NewReplacer("localhost:8080", s.Addr, "the key from above", harness.APIKey)
	blocks := docBlocks(t, "docs/chat.md", "js", 3)
	p.do(t, at.Replace(blocks[0]))
	p.want(t, "the room gets its own message", `lines().join('|') === 'joined |message Hello!'`)
	p.do(t, at.Replace(blocks[1]))
	p.want(t, "the broadcast gets its own message", `lines().slice(2).join('|') === 'connected |message {"text":"Tea is ready"}'`)
	p.do(t, fmt.Sprintf(`{
		const script = document.createElement('script');
		script.type = 'module';
		script.textContent = %q;
		document.head.append(script);
	}`, at.Replace(blocks[2])))
	p.want(t, "the room is in the list", `lines().at(-1) === '1 general General 1'`)
	if uncaught := p.lines(t, "uncaught:", "unhandled:"); len(uncaught) > 0 {
		t.Errorf("the programs failed: %s", uncaught)
	}
}

var (
	docLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	docCode = regexp.MustCompile("(?s)\n```.*?\n```") // Go code may look like a link: AsType[T](err)
)

// Every link between the pages leads to a file, and to a heading of it if the link names
// one. docs/README.md lists every page.
func TestDocLinks(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Glob("../*.md")
	if err != nil {
		t.Fatal(err)
	}
	linked := map[string]bool{"../docs/README.md": true}
	for _, page := range append(root, pages...) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range docLink.FindAllStringSubmatch(docCode.ReplaceAllString(string(text), ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			path, anchor, _ := strings.Cut(m[1], "#")
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if page == "../docs/README.md" {
				linked[target] = true
			}
			if !leadsTo(target, anchor) {
				t.Errorf("%s has a link to %s, which does not exist", page, m[1])
			}
		}
	}
	for _, page := range pages {
		if !linked[page] {
			t.Errorf("docs/README.md does not list %s", page)
		}
	}
}

// leadsTo reports whether a file or folder exists, and whether the file has a heading with
// the anchor, unless that is empty.
func leadsTo(target, anchor string) bool {
	if anchor == "" {
		_, err := os.Stat(target)
		return err == nil
	}
	text, err := os.ReadFile(target)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		if title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") && anchorOf(title) == anchor {
			return true
		}
	}
	return false
}

var notInAnchors = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// anchorOf returns the anchor that GitHub gives a heading.
func anchorOf(title string) string {
	return strings.ReplaceAll(notInAnchors.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), ""), " ", "-")
}
