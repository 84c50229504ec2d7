package integration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

const usersTable = `
	CREATE TABLE users (id text PRIMARY KEY, name text, email text, status text, age int, created_at timestamptz DEFAULT '2024-01-15 10:30:00Z');
	ALTER TABLE users REPLICA IDENTITY FULL`

// Events, filters and the ping are as the API's documentation shows.
func TestDelivery(t *testing.T) {
	t.Parallel()
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	db.Run(t, usersTable)
	s := harness.Serve(t, db.URL, "delivery")

	all := harness.Subscribe(t, s, "users", nil)
	active := harness.Subscribe(t, s, "public.users", map[string]string{"status": "active", "age_gte": "18", "name_in": "John,Jane"})
	db.Run(t, `INSERT INTO users VALUES ('1', 'John', 'john@example.com', 'active', 30)`)
	db.Run(t, `UPDATE users SET status = 'premium' WHERE id = '1'`)
	db.Run(t, `DELETE FROM users`)
	db.Run(t, `TRUNCATE users`)

	const john = `{"id":"1","name":"John","email":"john@example.com","status":"%s","age":30,"created_at":"2024-01-15T10:30:00Z"}`
	all.Want(t,
		`{"event":"create","collection_id":"users","data":`+fmt.Sprintf(john, "active")+`}`,
		`{"event":"update","collection_id":"users","data":`+fmt.Sprintf(john, "premium")+`,"old_data":{"status":"active"}}`,
		`{"event":"delete","collection_id":"users","data":{"id":"1"},"old_data":`+fmt.Sprintf(john, "premium")+`}`,
		`{"event":"truncate","collection_id":"users"}`)
	active.Want(t,
		`{"event":"create","collection_id":"public.users","data":`+fmt.Sprintf(john, "active")+`}`,
		`{"event":"truncate","collection_id":"public.users"}`)
	all.Send(t, map[string]string{"type": "ping"})
	all.Want(t, `{"type":"pong"}`)

	metrics := s.Metrics(t)
	for _, want := range []string{
		`tablewire_changes_total{kind="create"} 1`, `tablewire_changes_total{kind="truncate"} 1`,
		`tablewire_deliveries_total 6`, `tablewire_replication_live 1`,
	} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if got := harness.Get(t, "http://"+s.Addr+"/readyz"); !strings.Contains(got, `"ready"`) {
		t.Errorf("/readyz says %s", got)
	}
	for _, secret := range []string{harness.APIKey, "john@example.com"} {
		if strings.Contains(s.Output(), secret) {
			t.Errorf("the log contains %q", secret)
		}
	}
}

// A client whose first message is wrong gets an error that says why, and a close code.
func TestRefusals(t *testing.T) {
	t.Parallel()
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	db.Run(t, usersTable+`; CREATE TABLE keyless (id int); CREATE SCHEMA hidden; CREATE TABLE hidden.t (id int PRIMARY KEY)`)
	s := harness.Serve(t, db.URL, "refusals", "--auth-timeout", "300ms")
	for _, tc := range []struct {
		name, collection, hello, want string
		code                          int
	}{
		{"no message", "users", "", `{"error":"Authentication timeout"}`, 4408},
		{"no JSON", "users", "hello", `{"error":"Invalid JSON",`, 4400},
		{"no key", "users", `{}`, `{"error":"API key is required"}`, 4401},
		{"wrong key", "users", `{"api_key":"x"}`, `{"error":"Invalid API key","error_detail":"Project not found"}`, 4401},
		{"unknown collection", "nobody", `{"api_key":"` + harness.APIKey + `"}`, `{"error":"Collection not found or access denied"}`, 4404},
		{"table without a key", "keyless", `{"api_key":"` + harness.APIKey + `"}`, `{"error":"Collection not found or access denied"}`, 4404},
		{"table that is not exposed", "hidden.t", `{"api_key":"` + harness.APIKey + `"}`, `{"error":"Collection not found or access denied"}`, 4404},
		{"wrong key and unknown collection", "nobody", `{"api_key":"x"}`, `{"error":"Invalid API key","error_detail":"Project not found"}`, 4401},
		{"no such event", "users", `{"api_key":"` + harness.APIKey + `","events":["insert"]}`, `{"error":"Invalid events","error_detail":"\"insert\" is not an event: want create, update, delete or truncate"}`, 4400},
		{"no such column", "users", `{"api_key":"` + harness.APIKey + `","columns":["id","Age"]}`, `{"error":"Invalid columns","error_detail":"Age: no such column in \"users\""}`, 4400},
		{"bad filter", "users", `{"api_key":"` + harness.APIKey + `","filters":{"age_gte":"abc"}}`, `{"error":"Invalid filter","error_detail":"age_gte: \"abc\" is not an integer"}`, 4400},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := harness.NewClient(t, s, "collections/"+tc.collection, nil)
			if tc.hello != "" {
				if err := w.SendText(tc.hello); err != nil {
					t.Fatal(err)
				}
			}
			if got := w.Next(t); !strings.HasPrefix(got, tc.want) || !json.Valid([]byte(got)) {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			w.WantClosed(t, tc.code)
		})
	}
}

// A client can subscribe to a new table as soon as it exists, and gets an error when the
// table is dropped.
func TestNewTable(t *testing.T) {
	t.Parallel()
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	s := harness.Serve(t, db.URL, "newtable")
	db.Run(t, `CREATE TABLE "Späte Tabelle" (id int PRIMARY KEY)`)
	w := harness.Subscribe(t, s, "Sp%C3%A4te%20Tabelle", nil)
	db.Run(t, `INSERT INTO "Späte Tabelle" VALUES (1)`)
	w.Want(t, `{"event":"create","collection_id":"Späte Tabelle","data":{"id":1}}`)
	db.Run(t, `DROP TABLE "Späte Tabelle"`)
	w.Want(t, `{"error":"Collection not found or access denied"}`)
	w.WantClosed(t, 4404)
}

// A subscription gets the columns and transitions that it asked for. It ends when one of
// these columns is dropped.
func TestExtensions(t *testing.T) {
	t.Parallel()
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	db.Run(t, usersTable)
	s := harness.Serve(t, db.URL, "extensions")
	named := harness.SubscribeWith(t, s, "users", map[string]any{
		"filters": map[string]string{"status": "active"}, "transitions": true, "columns": []string{"name", "id"},
	})
	all := harness.Subscribe(t, s, "users", nil)
	db.Run(t, `INSERT INTO users VALUES ('1', 'John', 'john@example.com', 'idle', 30)`)
	db.Run(t, `UPDATE users SET status = 'active'`)
	db.Run(t, `UPDATE users SET age = 31`) // not a column of the subscription
	db.Run(t, `UPDATE users SET id = '2'`)
	db.Run(t, `UPDATE users SET status = 'idle', name = 'Jon'`)
	named.Want(t,
		`{"event":"create","collection_id":"users","data":{"id":"1","name":"John"},"reason":"filter"}`,
		`{"event":"update","collection_id":"users","data":{"id":"2","name":"John"},"old_data":{"id":"1"}}`,
		`{"event":"delete","collection_id":"users","data":{"id":"2"},"old_data":{"id":"2","name":"John"},"reason":"filter"}`)
	db.Run(t, `ALTER TABLE users DROP COLUMN name`)
	db.Run(t, `DELETE FROM users`)
	named.Want(t, `{"error":"Invalid columns","error_detail":"name: no such column in \"users\""}`)
	named.WantClosed(t, 4400)
	for range 5 {
		all.Next(t)
	}
	all.Want(t, `{"event":"delete","collection_id":"users","data":{"id":"2"},"old_data":{"id":"2","email":"john@example.com","status":"idle","age":31,"created_at":"2024-01-15T10:30:00Z"}}`)
}
