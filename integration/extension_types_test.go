package integration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// Filters handle types of extensions and users. A citext compares without case, as in the
// database. An operator that needs an order is refused for a type whose order only the
// database knows.
func TestFiltersOnExtensionTypes(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprintf("PostgreSQL%d", major), func(t *testing.T) {
			t.Parallel()
			db := harness.Connect(t, pgtest.StartVersion(t, major).NewDatabase(t))
			// The type semver is in the category of strings and has an order of its own.
			db.Run(t, `SET client_min_messages = warning; CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext;
				CREATE TYPE semver;
				CREATE FUNCTION semver_in(cstring) RETURNS semver LANGUAGE internal IMMUTABLE STRICT AS 'textin';
				CREATE FUNCTION semver_out(semver) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
				CREATE TYPE semver (INPUT = semver_in, OUTPUT = semver_out, INTERNALLENGTH = VARIABLE, CATEGORY = 'S');
				CREATE DOMAIN version AS semver; CREATE DOMAIN email AS ext.citext; CREATE TYPE mood AS ENUM ('sad', 'ok');
				CREATE TABLE t (id int PRIMARY KEY, email ext.citext, d email, es ext.citext[], ds email[], v semver, dv version, vs semver[], ms mood[])`)
			s := harness.Serve(t, db.URL, fmt.Sprintf("extension_types_%d", major))
			wantRefused(t, s, "t", map[string]string{
				`{"v_gt":"1.9.0"}`:                `v_gt: the operator gt can't be used on semver`,
				`{"dv_lte":"1.9.0"}`:              `dv_lte: the operator lte can't be used on version`,
				`{"vs_gt":"{1.9.0}"}`:             `vs_gt: the operator gt can't be used on semver[]`,
				`{"ms":"{ok,glad}"}`:              `ms: "{ok,glad}" can't be read: its element "glad" is not a label of mood (sad, ok)`,
				`{"ms_in":["{ok}","{\"glad\"}"]}`: `ms_in: "{\"glad\"}" can't be read: its element "glad" is not a label of mood (sad, ok)`,
			})
			clients := map[string]harness.Client{}
			for filter := range extensionFilters {
				clients[filter] = harness.Subscribe(t, s, "t", json.RawMessage(filter))
			}
			db.Run(t, `INSERT INTO t VALUES
				(1, 'Ada@Example.com', 'Ada@Example.com', '{Ada}', '{NULL,"ADA"}', '1.10.0', '1.10.0', '{1.10.0}', '{ok}'),
				(2, 'bob@example.com', 'BOB@example.com', '{bob}', '{bob}', '1.9.0', '1.9.0', '{1.9.0}', '{sad}'),
				(3, 'EVE', 'EVE', NULL, NULL, NULL, NULL, NULL, NULL)`)
			for filter, ids := range extensionFilters {
				for _, id := range ids {
					if got := clients[filter].Next(t); !strings.Contains(got, fmt.Sprintf(`"data":{"id":%d,`, id)) {
						t.Errorf("%s: got %s, want row %d", filter, got, id)
					}
				}
			}
		})
	}
}

// extensionFilters has the ids of the rows that each filter selects. The last of them is
// row 2 or 3, so a row that the filter selects by mistake comes before.
var extensionFilters = map[string][]int{
	`{"[or]email":"ADA@example.com","[or]id":3}`:          {1, 3},
	`{"email_ne":"ada@EXAMPLE.com"}`:                      {2, 3},
	`{"[or]d_in":"ada@example.com","[or]id":3}`:           {1, 3},
	`{"d_notin":["ADA@example.com"]}`:                     {2, 3},
	`{"email_gt":"B"}`:                                    {2, 3},
	`{"email_startswith":"B","id_gte":1}`:                 {2},
	`{"[or]d_endswith":"A@EXAMPLE.COM","[or]id":3}`:       {1, 3},
	`{"[or]email_contains":"DA@","[or]id":3}`:             {1, 3},
	`{"[or]es":"{ADA}","[or]id":3}`:                       {1, 3},
	`{"[or]ds_in":["{NULL,\"ada\"}"],"[or]id":3}`:         {1, 3},
	`{"[or]es_gt":"{AZ}","[or]id":3}`:                     {2, 3},
	`{"[or]v":"1.10.0","[or]id":3}`:                       {1, 3},
	`{"dv_ne":"1.10.0"}`:                                  {2},
	`{"[or]vs_in":["{1.10.0}"],"[or]v_startswith":"1.9"}`: {1, 2},
}
