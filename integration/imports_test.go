package integration

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/tablewire/tablewire"

// jsontext reads clients' messages: the one package from elsewhere that protocol has.
const jsontext = "github.com/go-json-experiment/json/jsontext"

// rooms says which of the module's folders the packages of a folder may import,
// besides their own. What their tests may import on top is said separately: tests
// compare with what the code must not depend on. Only cmd is not in the table: it
// joins all the others.
var rooms = map[string]struct{ code, tests []string }{
	"protocol":    {},
	"cdc":         {code: []string{"protocol"}, tests: []string{"pgserver", "sql"}},
	"fanout":      {code: []string{"protocol"}, tests: []string{"pgserver", "sql"}},
	"sql":         {code: []string{"protocol"}, tests: []string{"pgserver"}},
	"httpapi":     {code: []string{"fanout", "protocol"}},
	"pgserver":    {},
	"integration": {code: []string{"protocol"}, tests: []string{"pgserver"}},
	"examples":    {},
}

// closed are packages from elsewhere that a folder's code must not import. A name
// stands for the packages below it, too.
var closed = map[string][]string{
	"protocol":    {"net", "os", "database/sql"},
	"cdc":         {"net/http", "database/sql"},
	"fanout":      {"net/http", "database/sql"},
	"httpapi":     {"database/sql"},
	"pgserver":    {"net/http", "database/sql"},
	"cmd":         {"database/sql"},
	"integration": {"database/sql"},
	"examples":    {"database/sql"},
}

// TestImports holds the packages to what docs/architecture.md says of them.
func TestImports(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, file := range goFiles(t) {
		room, _, _ := strings.Cut(file.path, "/")
		seen[room] = true
		for _, imported := range file.imports {
			if why := forbidden(room, file.test, imported); why != "" {
				t.Errorf("%s imports %s: %s", file.path, imported, why)
			}
		}
	}
	for room := range rooms {
		if !seen[room] {
			t.Errorf("the table has the folder %s, which has no Go files", room)
		}
	}
}

// TestForbidden holds the table to what it is meant to say.
func TestForbidden(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		room, imported string
		test, want     bool
	}{
		{room: "protocol", imported: "encoding/json"},
		{room: "protocol", imported: jsontext},
		{room: "protocol", imported: "github.com/go-json-experiment/json", want: true},
		{room: "protocol", imported: "github.com/jackc/pgx/v5", want: true},
		{room: "protocol", imported: "net/http", want: true},
		{room: "protocol", imported: "pgregory.net/rapid", test: true},
		{room: "protocol", imported: module + "/cdc", want: true},
		{room: "cdc", imported: module + "/cdc/pgtext"},
		{room: "cdc", imported: module + "/protocol"},
		{room: "cdc", imported: module + "/fanout", want: true},
		{room: "cdc", imported: module + "/fanout", test: true, want: true},
		{room: "cdc", imported: module + "/sql", want: true},
		{room: "cdc", imported: module + "/sql", test: true},
		{room: "fanout", imported: "net/http", want: true},
		{room: "fanout", imported: "net/http/httptest", want: true},
		{room: "fanout", imported: module + "/httpapi", want: true},
		{room: "httpapi", imported: module + "/fanout/filter"},
		{room: "httpapi", imported: module + "/cdc", want: true},
		{room: "cmd", imported: module + "/cdc"},
		{room: "cmd", imported: "database/sql", want: true},
		{room: "sql", imported: "database/sql"},
		{room: "newcomer", imported: "fmt", want: true},
	} {
		if got := forbidden(test.room, test.test, test.imported); (got != "") != test.want {
			t.Errorf("%s imports %s (test %v): forbidden %q, want %v", test.room, test.imported, test.test, got, test.want)
		}
	}
}

// forbidden says why a folder's code must not import a package; nothing if it may.
func forbidden(room string, test bool, imported string) string {
	rule, known := rooms[room]
	if !known && room != "cmd" {
		return "the folder " + room + " is not in the table of imports: a new one needs a reason"
	}
	if inner, ours := strings.CutPrefix(imported, module+"/"); ours {
		target, _, _ := strings.Cut(inner, "/")
		if room == "cmd" || target == room || slices.Contains(rule.code, target) || test && slices.Contains(rule.tests, target) {
			return ""
		}
		return room + " may import " + strings.Join(append([]string{"its own packages"}, rule.code...), ", ")
	}
	if test {
		return ""
	}
	for _, name := range closed[room] {
		if imported == name || strings.HasPrefix(imported, name+"/") {
			return room + " has no business with " + name
		}
	}
	first, _, _ := strings.Cut(imported, "/")
	if room == "protocol" && strings.Contains(first, ".") && imported != jsontext {
		return room + " imports the standard library and " + jsontext + " only"
	}
	return ""
}

type goFile struct {
	path    string // from the module's root, with slashes
	test    bool
	imports []string
}

// goFiles are the module's Go files, for every system and with every build tag.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	root := ".."
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		local, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			switch base := entry.Name(); {
			case local == ".":
			case base == "testdata", base == "node_modules", base == "tools", strings.HasPrefix(base, "."), strings.HasPrefix(base, "_"):
				return filepath.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" || !strings.ContainsRune(local, filepath.Separator) {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		// pgtest is code of tests, although its files are not named so.
		local = filepath.ToSlash(local)
		file := goFile{path: local, test: strings.HasSuffix(local, "_test.go") || strings.HasPrefix(local, "pgserver/pgtest/")}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			file.imports = append(file.imports, imported)
		}
		files = append(files, file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
