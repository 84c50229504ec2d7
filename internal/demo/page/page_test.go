package page

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var testConfig = Config{
	APIKey: `k</script><script>alert(1)</script>&"'`,
	Collections: []Collection{{
		Name: "orders", Key: []string{"id"},
		Badges:  map[string]map[string]string{"status": {"paid": "blue"}},
		Filters: []Filter{{Label: "{{script}}", Text: "deleted_at_isnull=null"}},
	}},
}

func get(t *testing.T, method, path string, header http.Header) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	r.Header = header
	w := httptest.NewRecorder()
	Handler(testConfig).ServeHTTP(w, r)
	return w
}

func TestHandler(t *testing.T) {
	t.Parallel()

	t.Run("serves the page at / only", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct {
			method, path string
			status       int
		}{
			{"GET", "/", 200},
			{"HEAD", "/", 200},
			{"POST", "/", 405},
			{"GET", "/style.css", 404},
			{"GET", "/page/page.html", 404},
		} {
			if got := get(t, c.method, c.path, nil).Code; got != c.status {
				t.Errorf("%s %s: %d, want %d", c.method, c.path, got, c.status)
			}
		}
	})

	t.Run("answers 304 to a browser that has the page", func(t *testing.T) {
		t.Parallel()
		etag := get(t, "GET", "/", nil).Header().Get("Etag")
		if got := get(t, "GET", "/", http.Header{"If-None-Match": {etag}}).Code; etag == "" || got != 304 {
			t.Errorf("%d for etag %s", got, etag)
		}
	})

	t.Run("its policy allows its own script and style and no other", func(t *testing.T) {
		t.Parallel()
		r := get(t, "GET", "/", nil)
		policy, text := r.Header().Get("Content-Security-Policy"), r.Body.String()
		if strings.Contains(policy, "unsafe") || !strings.HasPrefix(policy, "default-src 'none'; ") {
			t.Errorf("policy: %s", policy)
		}
		for _, c := range []struct{ directive, element string }{
			{"script-src", `(?s)<script type="module">(.*?)</script>`},
			{"style-src", `(?s)<style>(.*?)</style>`},
		} {
			m := regexp.MustCompile(c.element).FindAllStringSubmatch(text, -1)
			if len(m) != 1 {
				t.Fatalf("%d elements like %s", len(m), c.element)
			}
			if want := c.directive + " " + source(m[0][1]) + ";"; !strings.Contains(policy, want) {
				t.Errorf("the policy has no %s", want)
			}
		}
	})

	t.Run("its configuration stays inside its element", func(t *testing.T) {
		t.Parallel()
		text := get(t, "GET", "/", nil).Body.String()
		m := regexp.MustCompile(`(?s)<script type="application/json" id="config">(.*?)</script>`).FindStringSubmatch(text)
		if m == nil {
			t.Fatal("no configuration in the page")
		}
		var got Config
		if err := json.Unmarshal([]byte(m[1]), &got); err != nil {
			t.Fatalf("%v: %s", err, m[1])
		}
		if diff := cmp.Diff(testConfig, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if n := strings.Count(text, "<script"); n != 2 {
			t.Errorf("%d script elements, want 2", n)
		}
	})

	t.Run("it loads nothing from elsewhere", func(t *testing.T) {
		t.Parallel()
		text := get(t, "GET", "/", nil).Body.String()
		for _, m := range regexp.MustCompile(`(?:src|href)="([^"]*)"|url\(([^)]*)\)|@import\s+\S+`).FindAllString(text, -1) {
			if !strings.Contains(m, `="data:`) {
				t.Errorf("the page refers to %s", m)
			}
		}
	})

	t.Run("no script puts markup into the document", func(t *testing.T) {
		t.Parallel()
		for _, name := range scripts {
			if m := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function`).FindString(read(name)); m != "" {
				t.Errorf("%s uses %s", name, m)
			}
		}
	})
}
