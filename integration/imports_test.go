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

// jsontext reads clients' messages.
const jsontext = "github.com/go-json-experiment/json/jsontext"

// importRule says what the packages of a folder may import. Its lists are separated by
// spaces. Folders are named from the module's root, which is ".".
type importRule struct {
	// code lists the folders of this module that the folder may import: "a" is the
	// package in the folder a alone, "a/..." is that package and all below it. A folder
	// may not import even its own subfolders unless the list has them.
	code string

	// tests lists what the folder's _test.go files may import on top of code.
	tests string

	// never lists packages of others that the folder's code must not import, nor
	// anything below them. The code of all folders below must not either.
	never string

	// only, if it is set, lists all packages of others that the folder's code may import
	// besides the standard library. It holds for all folders below, too.
	only string
}

// importRules is the one table of who may import whom. A folder follows the row with
// the longest path that is the folder itself or above it. A new package needs a row
// unless the row above it fits. Only never and only add up from above.
var importRules = map[string]importRule{
	// The vocabulary: values, and no input or output.
	"protocol":            {code: "protocol/jsonstring protocol/wal", never: "net os", only: jsontext},
	"protocol/wal":        {code: "protocol/jsonstring"},
	"protocol/pgcatalog":  {code: "protocol/wal"},
	"protocol/jsonstring": {},

	// The database's side and the clients' side don't know each other.
	"cdc":                   {code: "cdc/catalog cdc/internal/... protocol/...", tests: "internal/pgserver/pgtest internal/wsframe sql", never: "net/http"},
	"cdc/catalog":           {code: "cdc/internal/pgerror cdc/internal/pgtext cdc/internal/quote protocol/..."},
	"cdc/doctor":            {code: "cdc cdc/internal/pgerror cdc/internal/quote protocol/...", tests: "internal/pgserver/pgtest sql"},
	"cdc/internal/pgerror":  {code: "cdc/internal/quote protocol"},
	"cdc/internal/pgoutput": {code: "protocol/..."},
	"cdc/internal/pgtext":   {code: "protocol/...", tests: "internal/pgserver/pgtest"},
	"cdc/internal/quote":    {},
	"sql":                   {code: "protocol/...", tests: "internal/pgserver/pgtest"},
	"fanout":                {code: "fanout/filter internal/swaplist internal/wsframe protocol/...", never: "net/http"},
	"fanout/filter":         {code: "fanout/filter/value internal/swaplist protocol/...", tests: "internal/pgserver/pgtest sql"},
	"fanout/filter/value":   {code: "protocol/..."}, // types, which know nothing of filters
	"httpapi":               {code: "fanout/... httpapi/auth httpapi/limit httpapi/ws internal/swaplist internal/wsframe protocol/...", tests: "integration/harness"},
	"httpapi/auth":          {code: "protocol", never: "net"},
	"httpapi/limit":         {code: "protocol"},
	"httpapi/ws":            {code: "fanout internal/swaplist internal/wsframe protocol"},

	"internal/swaplist": {},
	// What both sides of a socket share: the frames that a transport sends.
	"internal/wsframe": {code: "protocol", never: "net os"},

	// A private PostgreSQL server, for the demo and for tests.
	"internal/pgserver":        {never: "net/http"},
	"internal/pgserver/pgtest": {code: "internal/pgserver"},

	// The root package joins all parts. The command and the demo stand on it. Tests from
	// outside know none of its parts.
	".":                  {code: "cdc cdc/doctor fanout httpapi httpapi/auth internal/access protocol/... sql", tests: "internal/pgserver/pgtest"},
	"internal/access":    {code: "protocol/wal"},
	"internal/demo":      {code: ". fanout/filter internal/access internal/demo/page internal/pgserver protocol/...", tests: "internal/pgserver/pgtest"},
	"internal/demo/page": {},
	"cmd/tablewire":      {code: ". internal/demo protocol"},
	"examples":           {},

	"integration":         {tests: "integration/harness internal/pgserver/pgtest protocol/..."},
	"integration/harness": {code: "protocol/..."},
}

// onlyIn names the folders that alone may import a package of others.
var onlyIn = map[string]string{
	"database/sql": "sql/...", // statements to the user's database live there
}

// TestImports holds every Go file, with any build tag and for any system, to importRules.
func TestImports(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, file := range goFiles(t) {
		row, _ := rowOf(file.folder)
		used[row] = true
		for _, imported := range file.imports {
			if why := forbidden(file.folder, file.test, imported); why != "" {
				t.Errorf("%s imports %s: %s", file.path, imported, why)
			}
		}
	}
	for row := range importRules {
		if !used[row] {
			t.Errorf("importRules has a row for %s, and no Go file follows it: delete the row", row)
		}
	}
}

// TestForbidden tests the reading of importRules, and the rows that matter most.
func TestForbidden(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		folder, imported string
		test, want       bool
	}{
		{folder: "protocol", imported: "encoding/json"},
		{folder: "protocol", imported: jsontext},
		{folder: "protocol", imported: "github.com/go-json-experiment/json", want: true},
		{folder: "protocol", imported: "github.com/jackc/pgx/v5", want: true},
		{folder: "protocol", imported: "net/http", want: true},
		{folder: "protocol", imported: "network"}, // net closes what is below it, not what begins like it
		{folder: "protocol", imported: "pgregory.net/rapid", test: true},
		{folder: "protocol", imported: module + "/cdc", want: true},
		{folder: "protocol/of/some/depth", imported: "net/http", want: true},
		{folder: "protocol/of/some/depth", imported: "github.com/jackc/pgx/v5", want: true},
		{folder: "cdc", imported: module + "/cdc/internal/pgtext"},
		{folder: "cdc", imported: module + "/protocol"},
		{folder: "cdc", imported: module + "/fanout", want: true},
		{folder: "cdc", imported: module + "/fanout", test: true, want: true},
		{folder: "cdc", imported: module + "/sql", want: true},
		{folder: "cdc", imported: module + "/sql", test: true},
		{folder: "cdc", imported: module, want: true},
		{folder: "cdc/catalog", imported: module + "/cdc", want: true},
		{folder: "cdc/catalog", imported: module + "/cdc/internal/pgoutput", want: true},
		{folder: "cdc/internal/pgtext", imported: module + "/cdc", want: true},
		{folder: "cdc/internal/pgtext", imported: module + "/cdc/internal/pgoutput", want: true},
		{folder: "cdc/internal/pgtext", imported: module + "/sql", test: true, want: true}, // a row is not added to the one above it
		{folder: "cdc/internal/pgtext", imported: "net/http", want: true},                  // but never is
		{folder: "fanout", imported: "net/http", want: true},
		{folder: "fanout", imported: "net/http/httptest", want: true},
		{folder: "fanout", imported: module + "/httpapi", want: true},
		{folder: "fanout/filter", imported: module + "/fanout", want: true},
		{folder: "fanout/filter/value", imported: module + "/fanout/filter", want: true},
		{folder: "fanout/filter/value", imported: module + "/fanout/filter", test: true, want: true},
		{folder: "fanout/filter", imported: module + "/fanout/filter", test: true}, // a package's external tests
		{folder: "httpapi", imported: module + "/fanout/filter"},
		{folder: "httpapi", imported: module + "/cdc", want: true},
		{folder: "httpapi/ws", imported: module + "/httpapi", want: true},
		{folder: "httpapi/ws", imported: module + "/httpapi/limit", want: true},
		{folder: "httpapi/limit", imported: module + "/fanout", want: true},
		{folder: "cmd/tablewire", imported: module},
		{folder: "cmd/tablewire", imported: module + "/cdc", want: true},
		{folder: "cmd/tablewire", imported: "database/sql", want: true},
		{folder: "sql", imported: "database/sql"},
		{folder: "newcomer", imported: "fmt", want: true},
	} {
		if got := forbidden(tt.folder, tt.test, tt.imported); (got != "") != tt.want {
			t.Errorf("%s imports %s (test %v): forbidden %q, want %v", tt.folder, tt.imported, tt.test, got, tt.want)
		}
	}
}

// forbidden says why the files of a folder, or its tests, must not import a package. It
// returns "" if they may.
func forbidden(folder string, test bool, imported string) string {
	row, found := rowOf(folder)
	if !found {
		return "importRules has no row for " + folder + ": add one, and say in the commit why the folder is needed"
	}
	rule := importRules[row]
	if target, ours := inModule(imported); ours {
		if target == folder || listed(rule.code, target) || test && listed(rule.tests, target) {
			return ""
		}
		return "the row for " + row + " does not have " + target
	}
	if test {
		return "" // tests compare with what the code must not depend on
	}
	for name, folders := range onlyIn {
		if within(imported, name) && !listed(folders, folder) {
			return "only " + folders + " may import " + name
		}
	}
	for above, rule := range importRules {
		if !within(folder, above) {
			continue
		}
		for name := range strings.FieldsSeq(rule.never) {
			if within(imported, name) {
				return above + " must never import " + name
			}
		}
		first, _, _ := strings.Cut(imported, "/")
		if rule.only != "" && strings.Contains(first, ".") && !slices.Contains(strings.Fields(rule.only), imported) {
			return above + " may import only the standard library and " + rule.only
		}
	}
	return ""
}

// rowOf returns the key of the row that a folder follows.
func rowOf(folder string) (row string, found bool) {
	for above := range importRules {
		if within(folder, above) && len(above) >= len(row) {
			row, found = above, true
		}
	}
	return row, found
}

// inModule cuts the module's path off a package's path.
func inModule(imported string) (folder string, ours bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// within reports whether a path is another one or below it.
func within(inner, outer string) bool {
	return inner == outer || strings.HasPrefix(inner, outer+"/")
}

// listed reports whether a list as importRule's has a folder.
func listed(list, folder string) bool {
	for entry := range strings.FieldsSeq(list) {
		above, tree := strings.CutSuffix(entry, "/...")
		if folder == entry || tree && within(folder, above) {
			return true
		}
	}
	return false
}

type goFile struct {
	path, folder string // from the module's root, with slashes
	test         bool
	imports      []string
}

// goFiles returns the module's Go files, for every system and with every build tag.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	const root = ".."
	var files []goFile
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
		if path.Ext(name) != ".go" {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		local = filepath.ToSlash(local)
		file := goFile{path: local, folder: path.Dir(local), test: strings.HasSuffix(local, "_test.go")}
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
