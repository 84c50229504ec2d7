package integration

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

const usersTable = `
	CREATE TABLE users (id text PRIMARY KEY, name text, email text, status text, age int, created_at timestamptz DEFAULT '2024-01-15 10:30:00Z');
	ALTER TABLE users REPLICA IDENTITY FULL`

// What the API's documentation shows, through the built program.
func TestDelivery(t *testing.T) {
	t.Parallel()
	db := connect(t, pgtest.Start(t).NewDatabase(t))
	db.run(t, usersTable)
	s := serve(t, db.url, "delivery")

	all := watch(t, s, "users", nil)
	active := watch(t, s, "public.users", map[string]string{"status": "active", "age_gte": "18", "name_in": "John,Jane"})
	db.run(t, `INSERT INTO users VALUES ('1', 'John', 'john@example.com', 'active', 30)`)
	db.run(t, `UPDATE users SET status = 'premium' WHERE id = '1'`)
	db.run(t, `DELETE FROM users`)
	db.run(t, `TRUNCATE users`)

	const john = `{"id":"1","name":"John","email":"john@example.com","status":"%s","age":30,"created_at":"2024-01-15T10:30:00Z"}`
	all.want(t,
		`{"event":"create","collection_id":"users","data":`+fmt.Sprintf(john, "active")+`}`,
		`{"event":"update","collection_id":"users","data":`+fmt.Sprintf(john, "premium")+`,"old_data":{"status":"active"}}`,
		`{"event":"delete","collection_id":"users","data":{"id":"1"},"old_data":`+fmt.Sprintf(john, "premium")+`}`,
		`{"event":"truncate","collection_id":"users"}`)
	active.want(t,
		`{"event":"create","collection_id":"public.users","data":`+fmt.Sprintf(john, "active")+`}`,
		`{"event":"truncate","collection_id":"public.users"}`)
	all.send(t, map[string]string{"type": "ping"})
	all.want(t, `{"type":"pong"}`)

	metrics := get(t, "http://"+s.admin+"/metrics")
	for _, want := range []string{
		`tablewire_changes_total{kind="create"} 1`, `tablewire_changes_total{kind="truncate"} 1`,
		`tablewire_deliveries_total 6`, `tablewire_replication_live 1`,
	} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if got := get(t, "http://"+s.addr+"/readyz"); !strings.Contains(got, `"ready"`) {
		t.Errorf("/readyz says %s", got)
	}
	for _, secret := range []string{apiKey, "john@example.com"} {
		if strings.Contains(s.output(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
}

func get(t testing.TB, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	db := connect(t, pgtest.Start(t).NewDatabase(t))
	db.run(t, usersTable+`; CREATE TABLE keyless (id int); CREATE SCHEMA hidden; CREATE TABLE hidden.t (id int PRIMARY KEY)`)
	s := serve(t, db.url, "refusals", "--auth-timeout", "300ms")
	for _, tc := range []struct {
		name, collection, hello, want string
		code                          int
	}{
		{"no message", "users", "", `{"error":"Authentication timeout"}`, 4408},
		{"no JSON", "users", "hello", `{"error":"Invalid JSON",`, 4400},
		{"no key", "users", `{}`, `{"error":"API key is required"}`, 4401},
		{"wrong key", "users", `{"api_key":"x"}`, `{"error":"Invalid API key","error_detail":"Project not found"}`, 4401},
		{"unknown collection", "nobody", `{"api_key":"` + apiKey + `"}`, `{"error":"Collection not found or access denied"}`, 4404},
		{"table without a key", "keyless", `{"api_key":"` + apiKey + `"}`, `{"error":"Collection not found or access denied"}`, 4404},
		{"table that is not exposed", "hidden.t", `{"api_key":"` + apiKey + `"}`, `{"error":"Collection not found or access denied"}`, 4404},
		{"wrong key and unknown collection", "nobody", `{"api_key":"x"}`, `{"error":"Invalid API key","error_detail":"Project not found"}`, 4401},
		{"no such event", "users", `{"api_key":"` + apiKey + `","events":["insert"]}`, `{"error":"Invalid events","error_detail":"\"insert\" is not an event: want create, update, delete or truncate"}`, 4400},
		{"no such column", "users", `{"api_key":"` + apiKey + `","columns":["id","Age"]}`, `{"error":"Invalid columns","error_detail":"Age: no such column in \"users\""}`, 4400},
		{"bad filter", "users", `{"api_key":"` + apiKey + `","filters":{"age_gte":"abc"}}`, `{"error":"Invalid filter","error_detail":"age_gte: \"abc\" is not an integer"}`, 4400},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := dial(t, s, tc.collection)
			if tc.hello != "" {
				if err := w.conn.WriteMessage(1, []byte(tc.hello)); err != nil {
					t.Fatal(err)
				}
			}
			if got := w.next(t); !strings.HasPrefix(got, tc.want) || !json.Valid([]byte(got)) {
				t.Errorf("told %s, want %s", got, tc.want)
			}
			w.wantClosed(t, tc.code)
		})
	}
}

// A table that was made while the server runs can be watched at once.
func TestNewTable(t *testing.T) {
	t.Parallel()
	db := connect(t, pgtest.Start(t).NewDatabase(t))
	s := serve(t, db.url, "newtable")
	db.run(t, `CREATE TABLE "Späte Tabelle" (id int PRIMARY KEY)`)
	w := watch(t, s, "Sp%C3%A4te%20Tabelle", nil)
	db.run(t, `INSERT INTO "Späte Tabelle" VALUES (1)`)
	w.want(t, `{"event":"create","collection_id":"Späte Tabelle","data":{"id":1}}`)
	db.run(t, `DROP TABLE "Späte Tabelle"`)
	w.want(t, `{"error":"Collection not found or access denied"}`)
	w.wantClosed(t, 4404)
}

// What a client is shown follows its columns and transitions, until a column that it
// named is dropped.
func TestExtensions(t *testing.T) {
	t.Parallel()
	db := connect(t, pgtest.Start(t).NewDatabase(t))
	db.run(t, usersTable)
	s := serve(t, db.url, "extensions")
	named := greet(t, s, "users", map[string]any{
		"filters": map[string]string{"status": "active"}, "transitions": true, "columns": []string{"name", "id"},
	})
	all := watch(t, s, "users", nil)
	db.run(t, `INSERT INTO users VALUES ('1', 'John', 'john@example.com', 'idle', 30)`)
	db.run(t, `UPDATE users SET status = 'active'`)
	db.run(t, `UPDATE users SET age = 31`) // nothing that is shown
	db.run(t, `UPDATE users SET id = '2'`)
	db.run(t, `UPDATE users SET status = 'idle', name = 'Jon'`)
	named.want(t,
		`{"event":"create","collection_id":"users","data":{"id":"1","name":"John"},"reason":"filter"}`,
		`{"event":"update","collection_id":"users","data":{"id":"2","name":"John"},"old_data":{"id":"1"}}`,
		`{"event":"delete","collection_id":"users","data":{"id":"2"},"old_data":{"id":"2","name":"John"},"reason":"filter"}`)
	db.run(t, `ALTER TABLE users DROP COLUMN name`)
	db.run(t, `DELETE FROM users`)
	named.want(t, `{"error":"Invalid columns","error_detail":"name: no such column in \"users\""}`)
	named.wantClosed(t, 4400)
	for range 5 {
		all.next(t)
	}
	all.want(t, `{"event":"delete","collection_id":"users","data":{"id":"2"},"old_data":{"id":"2","email":"john@example.com","status":"idle","age":31,"created_at":"2024-01-15T10:30:00Z"}}`)
}
