package cdc

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
)

// pluginSetting lists the output plugins that a server lets be used, since the minor
// releases of November 2026 (15.19, 16.15, 17.11, 18.5) and in 19.
const pluginSetting = "output_plugin_libraries"

// refusesPlugin reports that a server's error is that setting's. Its HINT names it,
// in every language.
func refusesPlugin(pg *pgconn.PgError) bool {
	return pg.Code == codeInsufficient && strings.Contains(pg.Hint, pluginSetting)
}

// blamePlugin explains that the server does not let pgoutput be used, with what the
// setting is.
func blamePlugin(err error, info pgcatalog.ServerInfo) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || !refusesPlugin(pg) {
		return err
	}
	what, now := pg.Message, info.OutputPlugins
	switch {
	case now == "": // or only who has pg_read_all_settings sees it
	case strings.HasPrefix(now, `"`) && strings.Contains(now, ","):
		what += fmt.Sprintf(": %s is %s on the server, which is one name with a comma in it, not a list", pluginSetting, now)
	default:
		what += fmt.Sprintf(": %s is %s on the server", pluginSetting, now)
	}
	return &protocol.Problem{What: what, Cure: curePlugin(now), Err: heard(pg)}
}

// curePlugin keeps what the setting has.
func curePlugin(now string) string {
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
			name = quoteLiteral(name)
		}
		list = append(list, name)
	}
	return fmt.Sprintf("run ALTER SYSTEM SET %s = %s; then SELECT pg_reload_conf(): a list of names, not quoted as one", pluginSetting, strings.Join(list, ", "))
}

func plainName(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') })
}
