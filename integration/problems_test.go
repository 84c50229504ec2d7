package integration

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

var (
	problemID  = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	problemRow = regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| [^|]+ \\| [^|]+ \\|$")
	flagInText = regexp.MustCompile(`(^|\s|\()--[a-z]`)
)

// TestProblems holds each named condition of the tree to what it owes its readers: an ID
// that no other condition has, a hint, and a row in docs/troubleshooting.md.
func TestProblems(t *testing.T) {
	t.Parallel()
	where, made := map[string]string{}, map[string]string{} // by ID
	for _, file := range goFiles(t) {
		if file.test {
			continue
		}
		eachNode(t, file, func(at string, n ast.Node) {
			literal, ok := n.(*ast.CompositeLit)
			if !ok || !isProblem(literal.Type) {
				return
			}
			fields := textFields(literal)
			id, named := fields["ID"]
			if !named || !problemID.MatchString(id) {
				t.Errorf("%s: a Problem has the ID %q: write one in kebab-case into the literal", at, id)
				return
			}
			if _, hint := fields["Hint"]; !hint {
				t.Errorf("%s: the Problem %s has no Hint", at, id)
			}
			unique := id
			if file.folder == "cmd/tablewire" {
				unique += " of the command" // which has its own words for what New refuses, too
			}
			if before := made[unique]; before != "" {
				t.Errorf("%s: the Problem %s is made at %s, too: share a function if it is one condition, else choose another ID", at, id, before)
			}
			made[unique] = at
			where[id] = at
		})
	}
	if len(where) < 40 {
		t.Errorf("only %d conditions were found", len(where))
	}
	page, err := os.ReadFile("../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, m := range problemRow.FindAllStringSubmatch(string(page), -1) {
		documented[m[1]] = true
		if where[m[1]] == "" {
			t.Errorf("docs/troubleshooting.md has the condition %s, which nothing reports", m[1])
		}
	}
	for id, at := range where {
		if !documented[id] {
			t.Errorf("%s: docs/troubleshooting.md has no row for the condition %s", at, id)
		}
	}
}

// TestLibrariesNameSettings finds texts that name a flag where only the binary has flags:
// see protocol.Setting.
func TestLibrariesNameSettings(t *testing.T) {
	t.Parallel()
	for _, file := range goFiles(t) {
		library := !within(file.folder, "cmd") && !within(file.folder, "integration") && !within(file.folder, "internal/pgserver")
		if file.test || !library {
			continue
		}
		eachNode(t, file, func(at string, n ast.Node) {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return
			}
			if text, err := strconv.Unquote(literal.Value); err == nil && flagInText.MatchString(text) {
				t.Errorf("%s: a text names a flag: %s", at, text)
			}
		})
	}
}

// eachNode calls f for each node of a file's syntax, with where it is.
func eachNode(t *testing.T, file goFile, f func(at string, n ast.Node)) {
	t.Helper()
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, filepath.Join("..", filepath.FromSlash(file.path)), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if n != nil {
			f(file.path+":"+strconv.Itoa(set.Position(n.Pos()).Line), n)
		}
		return true
	})
}

// isProblem reports whether a type's name is that of protocol.Problem.
func isProblem(typ ast.Expr) bool {
	switch typ := typ.(type) {
	case *ast.SelectorExpr:
		return typ.Sel.Name == "Problem"
	case *ast.Ident:
		return typ.Name == "Problem"
	}
	return false
}

// textFields returns the fields of a literal that are set, with the texts of those that
// are constants.
func textFields(literal *ast.CompositeLit) map[string]string {
	fields := map[string]string{}
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		key, ok := pair.Key.(*ast.Ident)
		if !ok {
			continue
		}
		fields[key.Name] = ""
		if text, ok := pair.Value.(*ast.BasicLit); ok {
			fields[key.Name], _ = strconv.Unquote(text.Value) // a number has no text
		}
	}
	return fields
}
