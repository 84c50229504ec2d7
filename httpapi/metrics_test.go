package httpapi

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tablewire/tablewire/fanout"
)

// registererOnly gathers nothing.
type registererOnly struct{ prometheus.Registerer }

func TestRegisterer(t *testing.T) {
	t.Parallel()
	shown := func(w *site) string {
		answer := httptest.NewRecorder()
		w.Admin().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
		return answer.Body.String()
	}
	registered := func(r *prometheus.Registry) (n int) {
		families, err := r.Gather()
		if err != nil {
			t.Error(err)
		}
		for _, f := range families {
			if strings.HasPrefix(f.GetName(), "tablewire_") {
				n++
			}
		}
		return n
	}

	given := prometheus.NewRegistry()
	given.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "application", Help: "The application's own."}))
	w := setup(t, func(c *Config) { c.Registerer = given })
	if text := shown(w); !strings.Contains(text, "\napplication 0\n") || !strings.Contains(text, "\ntablewire_connections 0\n") {
		t.Errorf("Admin does not show what is registered:\n%s", text)
	}
	if registered(given) == 0 {
		t.Error("nothing was registered")
	}
	if _, err := New(Config{Hub: w.hub, Collections: resolveFunc(onlyUsers), APIKey: testKey, Registerer: given}); err == nil {
		t.Error("a second server is registered in place of the first")
	}
	w.stop()
	if n := registered(given); n != 0 {
		t.Errorf("%d metrics are still registered after Run has ended", n)
	}

	other := prometheus.NewRegistry()
	w = setup(t, func(c *Config) { c.Registerer = registererOnly{other} })
	if registered(other) == 0 || !strings.Contains(shown(w), "\ntablewire_connections 0\n") {
		t.Error("with a Registerer that gathers nothing, it or Admin lacks the metrics")
	}

	s, err := New(Config{Hub: fanout.New(fanout.Config{}), Collections: resolveFunc(onlyUsers), APIKey: testKey})
	if err != nil || s.metrics.Registerer == prometheus.DefaultRegisterer {
		t.Errorf("without a Registerer: %v, or the global registry is used", err)
	}
}
