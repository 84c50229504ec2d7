package integration

import (
	"encoding/json"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

const (
	bankAccounts = 1000
	bankClients  = 4
	bankEach     = 1500 // transactions per client
)

// Several clients run pgbench's transaction at once. A subscriber receives exactly the
// updates that were committed, in commit order, each with the old values. The table journal,
// which the same transactions write, is the oracle.
func TestBank(t *testing.T) {
	t.Parallel()
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	db.Run(t, `
		CREATE TABLE accounts (aid int PRIMARY KEY, bid int, abalance int NOT NULL DEFAULT 0, filler char(84) DEFAULT '');
		ALTER TABLE accounts REPLICA IDENTITY FULL;
		CREATE TABLE journal (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, aid int, delta int)`)
	db.Run(t, `INSERT INTO accounts (aid, bid) SELECT i, i % 10 FROM generate_series(1, $1::int) i`, bankAccounts)
	s := harness.Serve(t, db.URL, "bank", "--queue-bytes", "16MiB")
	accounts, journal := harness.Subscribe(t, s, "accounts", nil), harness.Subscribe(t, s, "journal", nil)

	var clients sync.WaitGroup
	for range bankClients {
		conn := harness.Connect(t, db.URL)
		clients.Go(func() { transfer(t, conn) })
	}
	clients.Wait()

	type entry struct{ AID, Delta int }
	var fromAccounts, fromJournal []entry
	balance := map[int]int{}
	for range bankClients * bankEach {
		var u struct {
			Data struct{ AID, BID, ABalance int }
			Old  struct{ ABalance *int } `json:"old_data"`
		}
		decode(t, accounts.Next(t), &u)
		if u.Old.ABalance == nil || *u.Old.ABalance != balance[u.Data.AID] {
			t.Fatalf("account %d: old_data has the balance %v, want %d", u.Data.AID, u.Old.ABalance, balance[u.Data.AID])
		}
		fromAccounts = append(fromAccounts, entry{u.Data.AID, u.Data.ABalance - *u.Old.ABalance})
		balance[u.Data.AID] = u.Data.ABalance
		var j struct{ Data entry }
		decode(t, journal.Next(t), &j)
		fromJournal = append(fromJournal, j.Data)
	}
	if diff := cmp.Diff(fromJournal, fromAccounts); diff != "" {
		t.Errorf("commit order (-journal +accounts):\n%.2000s", diff)
	}
	inTable := harness.Query[int](t, db, `SELECT abalance FROM accounts ORDER BY aid`)
	for i, b := range inTable {
		if balance[i+1] != b {
			t.Errorf("account %d: the events add up to %d, the table has %d", i+1, balance[i+1], b)
		}
	}
	if n := harness.Query[int](t, db, `SELECT count(*)::int FROM journal`)[0]; n != len(fromJournal) {
		t.Errorf("received %d transactions, %d were committed", len(fromJournal), n)
	}
}

// transfer runs one client's transactions, and rolls some others back.
func transfer(t *testing.T, conn *harness.Database) {
	for i := range bankEach {
		aid, delta := rand.IntN(bankAccounts)+1, rand.IntN(10_000)+1
		err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), `UPDATE accounts SET abalance = abalance + $1 WHERE aid = $2`, delta, aid); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), `INSERT INTO journal (aid, delta) VALUES ($1, $2)`, aid, delta)
			return err
		})
		if err != nil {
			t.Error(err)
			return
		}
		if i%50 == 0 {
			_, _ = conn.Exec(t.Context(), `BEGIN; UPDATE accounts SET abalance = -1 WHERE aid = 1; ROLLBACK`)
		}
	}
}

func decode(t *testing.T, message string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(message), into); err != nil {
		t.Fatalf("%s: %v", message, err)
	}
}
