package pgerror

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/cdc/internal/quote"
	"github.com/tablewire/tablewire/protocol"
)

// pluginSetting lists the output plugins that a server lets be used, since the minor
// releases of November 2026 (15.19, 16.15, 17.11, 18.5) and in 19.
const pluginSetting = "output_plugin_libraries"

// refusesPlugin reports whether a server's error is that setting's. Its HINT names it,
// in every language.
func refusesPlugin(pg *pgconn.PgError) bool {
	return pg.Code == Insufficient && strings.Contains(pg.Hint, pluginSetting)
}

// ExplainPlugin explains that the server does not let pgoutput be used, with the value
// that the setting has now. Any other error it returns as it is. now is empty where the
// role may not see the value.
func ExplainPlugin(err error, now string) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || !refusesPlugin(pg) {
		return err
	}
	problem := pluginProblem(now)
	problem.What, problem.Err = pg.Message, ServerError(pg)
	switch {
	case now == "": // or only who has pg_read_all_settings sees it
	case strings.HasPrefix(now, `"`) && strings.Contains(now, ","):
		problem.What += fmt.Sprintf(": %s is %s on the server, which is one name with a comma in it, not a list", pluginSetting, now)
	default:
		problem.What += fmt.Sprintf(": %s is %s on the server", pluginSetting, now)
	}
	return problem
}

// pluginProblem has a hint that keeps what the setting has.
func pluginProblem(now string) *protocol.Problem {
	list := []string{"pgoutput"}
	if now == "" {
		list = append(list, "test_decoding") // the default
	}
	for name := range strings.SplitSeq(now, ",") {
		name = strings.Trim(name, ` "`)
		if name == "" || slices.Contains(list, name) {
			continue
		}
		if !plainName(name) {
			name = quote.Literal(name)
		}
		list = append(list, name)
	}
	set := fmt.Sprintf("ALTER SYSTEM SET %s = %s", pluginSetting, strings.Join(list, ", "))
	const reload = "SELECT pg_reload_conf()"
	return &protocol.Problem{
		ID:   "output-plugin",
		Hint: "run " + set + "; then " + reload + ": a list of names, not quoted as one",
		SQL:  []string{set, reload},
	}
}

func plainName(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') })
}
