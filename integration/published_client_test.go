package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// A client that is published for the API works as it is: an application uses the npm package
// "cocobase". The test changes only the constant that holds the package's base URL.
func TestPublishedClient(t *testing.T) {
	t.Parallel()
	dir := npmInstall(t, "cocobase@1.6.0", "ws@8")
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	db.Run(t, usersTable)
	s := harness.Serve(t, db.URL, "cocobase")
	pointAt(t, filepath.Join(dir, "node_modules/cocobase/dist/utils/utils.js"), "http://"+s.Addr)
	script, err := os.ReadFile("testdata/realtime/cocobase.mjs")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "app.mjs"), script, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(background(t), "node", "app.mjs")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "API_KEY="+harness.APIKey)
	app := harness.Launch(t, cmd)
	want := func(lines ...string) {
		t.Helper()
		for _, l := range lines {
			app.WaitLine(t, "^"+regexp.QuoteMeta(l)+"$")
		}
	}

	// Only the lines of one connection have an order.
	app.WaitLines(t,
		`connected {"event":"connected","collection_id":"users","filters":{"status":"active","[or]age_gte":18,"[or]name_startswith":"J"}}`,
		`john received ["user_123","John Doe",{"text":"Hello everyone!","n":[1,null]}]`,
		`jane received ["user_123","John Doe",{"text":"Hello everyone!","n":[1,null]}]`,
		`refused {"error":"Room not found","room_id":"no-such-room"}`,
		`creator joined ["general-chat","General Chat",1,"user_123"]`,
		`guest joined ["user_456","Jane Smith",{"id":"general-chat","title":"General Chat","participants":2}]`,
		`creator received ["user_456","Hello room!",{"id":"general-chat","title":"General Chat"}]`,
		`guest left ["user_456","Jane Smith",{"id":"general-chat","title":"General Chat","participants":1}]`,
		`rooms {"rooms":[{"id":"general-chat","title":"General Chat","created_by":"user_123","participants":2,"participant_list":[`+
			`{"id":"user_123","name":"John Doe"},{"id":"user_456","name":"Jane Smith"}],"created_at":*}],"total":1}`,
	)

	const john = `{"id":"1","name":"John","email":null,"status":"active","age":%d,"created_at":"2024-01-15T10:30:00Z"}`
	db.Run(t, `INSERT INTO users VALUES ('1', 'John', NULL, 'active', 10), ('2', 'Eve', NULL, 'active', 17), ('3', 'Jim', NULL, 'idle', 30)`)
	db.Run(t, `UPDATE users SET age = age + 1`)
	db.Run(t, `DELETE FROM users WHERE id = '3'`)
	db.Run(t, `DELETE FROM users WHERE id = '1'`)
	old := fmt.Sprintf(john, 11)
	want(`create {"event":"create","collection_id":"users","data":`+fmt.Sprintf(john, 10)+`}`,
		`update {"event":"update","collection_id":"users","data":`+old+`,"old_data":{"age":10}}`)
	app.WaitLine(t, `^update .*"name":"Eve".*"old_data":\{"age":17\}\}$`)
	want(`delete {"event":"delete","collection_id":"users","data":{"id":"1"},"old_data":` + old + `}`)

	// The package connects again by itself, and the room's creator sends "create" again.
	s.Stop(t)
	s = harness.Serve(t, db.URL, "cocobase", "--listen", s.Addr)
	app.WaitLines(t, `reconnected null`, `connected {"event":"connected",*`, `creator joined ["general-chat","General Chat",1,"user_123"]`)
	db.Run(t, `INSERT INTO users VALUES ('9', 'Back', NULL, 'active', 40)`)
	app.WaitLine(t, `^create .*"name":"Back"`)
	app.Signal(t, syscall.SIGTERM)
	want("done null")
	if code := app.WaitExit(t, harness.Patience); code != 0 {
		t.Errorf("the application ended with exit code %d:\n%s", code, app.Output())
	}
	if app.CountLines("error ") > 0 {
		t.Errorf("the package reported errors:\n%s", app.Output())
	}
	s.Stop(t)
}

// npmInstall installs packages into a temporary folder. It does not run their scripts.
func npmInstall(t *testing.T, packages ...string) (dir string) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out what installs npm packages")
	}
	unavailable := t.Skipf
	if os.Getenv("CI") != "" {
		unavailable = t.Fatalf
	}
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			unavailable("%s is missing: apt-get install nodejs npm", program)
		}
	}
	dir = t.TempDir()
	cmd := exec.CommandContext(t.Context(), "npm", append([]string{
		"install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1", "--fetch-timeout=30000",
	}, packages...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		unavailable("npm can't install %v: %v\n%s", packages, err, out)
	}
	return dir
}

var baseURL = regexp.MustCompile(`const BASEURL = "[^"]*";`)

// pointAt replaces the package's base URL. The file must have exactly one.
func pointAt(t *testing.T, path, url string) {
	t.Helper()
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(baseURL.FindAll(source, -1)); n != 1 {
		t.Fatalf("%s has %d base URLs, want 1", path, n)
	}
	source = baseURL.ReplaceAll(source, []byte(`const BASEURL = "`+url+`";`))
	if err := os.WriteFile(path, source, 0o600); err != nil {
		t.Fatal(err)
	}
}
