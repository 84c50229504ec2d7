package cdc

import (
	"strings"
	"testing"

	"github.com/tablewire/tablewire/protocol/pgcatalog"
)

// A publication takes two things: CREATE on the database, and the tables' ownership. The
// error for the first names the second, so that nobody learns of it only then.
func TestRoleLacksCreateNamesTheOwner(t *testing.T) {
	t.Parallel()
	problem := checkPublication(pgcatalog.ServerInfo{Database: "shop", User: "tablewire"}, "p")
	if problem == nil || problem.ID != "role-lacks-create" {
		t.Fatalf("%v", problem)
	}
	for _, want := range []string{`GRANT CREATE ON DATABASE "shop" TO "tablewire"`, "GRANT the role that owns the tables", "setup-sql"} {
		if !strings.Contains(problem.Hint, want) {
			t.Errorf("the hint lacks %q: %s", want, problem.Hint)
		}
	}
}
