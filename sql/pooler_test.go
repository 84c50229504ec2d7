package sql_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol"
)

// Behind a pooler that drops startup parameters, statements still give locks up soon, and the
// session, which others use, too, keeps its settings.
func TestPooler(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			url := pgtest.StartVersion(t, major).NewDatabase(t)
			conn, other := connect(t, url), connect(t, url)
			exec(t, conn, `CREATE TABLE a (id int PRIMARY KEY)`)
			exec(t, other, `BEGIN; LOCK TABLE a IN SHARE UPDATE EXCLUSIVE MODE`)
			db := open(t, pgtest.Pooler{Passes: []string{"application_name"}}.Start(t, url), "public.*")
			began := time.Now()
			state, err := db.Sync(t.Context())
			if err != nil || len(state.Tables) != 1 || !strings.Contains(state.Tables[0].Refused, "SQLSTATE 55P03") {
				t.Errorf("Sync gave %+v, %v", state, err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("the lock was waited for, %s", took)
			}
			exec(t, other, `COMMIT`)
			equal(t, map[string]string{"public.a": ""}, synced(t, db))
		})
	}
}

// A connection with another encoding than UTF-8 would spoil names: connecting fails.
func TestPoolerThatKeepsTheEncoding(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t).NewDatabase(t)
	conn := connect(t, url)
	exec(t, conn, `ALTER DATABASE `+conn.Config().Database+` SET client_encoding = 'LATIN1'`)
	db := open(t, pgtest.Pooler{DropsEncoding: true}.Start(t, url), "public.*")
	var problem *protocol.Problem
	if _, err := db.Sync(t.Context()); !errors.As(err, &problem) || !strings.Contains(problem.What, `"LATIN1"`) || !strings.Contains(problem.Hint, "pooler") {
		t.Errorf("Sync gave %v", err)
	}
}
