package integration

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestArchitecture checks that each name on the page docs/architecture.md exists: packages,
// files, and identifiers of the code. The last section speaks of what does not exist yet.
func TestArchitecture(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	today, _, found := strings.Cut(string(page), "\n## Where things will go\n")
	if !found {
		t.Fatal("the page has no section on where things will go")
	}
	names, folders := declaredNames(t)
	for _, m := range regexp.MustCompile("`([A-Za-z][A-Za-z0-9_./]*)(\\(ctx\\))?`").FindAllStringSubmatch(today, -1) {
		name := m[1]
		if slices.Contains([]string{"encoding/json", "to_jsonb", "WHERE"}, name) {
			continue // names of others
		}
		if strings.Contains(name, "/") || strings.HasSuffix(name, ".go") || folders[name] {
			if !folders[name] && !isFile(t, name, folders) {
				t.Errorf("there is no folder and no file %s", name)
			}
			continue
		}
		for part := range strings.SplitSeq(name, ".") {
			if !names[part] && !folders[part] {
				t.Errorf("%s: no Go file has the name %s", name, part)
			}
		}
	}
}

// declaredNames returns the identifiers in the module's Go files, and the module's folders by
// their path and by their last element.
func declaredNames(t *testing.T) (names, folders map[string]bool) {
	t.Helper()
	names, folders = map[string]bool{}, map[string]bool{"tablewire": true}
	for _, file := range goFiles(t) {
		folders[file.folder], folders[path.Base(file.folder)] = true, true
		parsed, err := parser.ParseFile(token.NewFileSet(), path.Join("..", file.path), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				names[id.Name] = true
			}
			return true
		})
	}
	return names, folders
}

// isFile reports whether name is a file of the module, below its root or any of its folders.
func isFile(t *testing.T, name string, folders map[string]bool) bool {
	t.Helper()
	for folder := range folders {
		if _, err := os.Stat(path.Join("..", folder, name)); err == nil {
			return true
		}
	}
	return false
}
