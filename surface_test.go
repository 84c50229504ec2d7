package tablewire

import (
	"bytes"
	"flag"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/surface.txt again")

// The promised surface is written down in testdata/surface.txt, so that nobody changes it
// unseen. After a change that is meant, run: go test . -run TestSurface -update.
func TestSurface(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	for _, folder := range []string{".", "protocol"} {
		got.WriteString("folder " + folder + "\n\n")
		for _, declaration := range exported(t, folder) {
			got.WriteString(declaration + "\n")
		}
		got.WriteString("\n")
	}
	const file = "testdata/surface.txt"
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("the promised surface is another one (-written down, +found); see the test's comment:\n%s", diff)
	}
}

// exported returns the exported declarations of a folder's package without comments and
// bodies, sorted.
func exported(t *testing.T, folder string) []string {
	t.Helper()
	fset := token.NewFileSet()
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.FileExports(file)
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.GenDecl:
				if d.Tok == token.IMPORT {
					continue
				}
			case *ast.FuncDecl:
				if !promised(d) {
					continue
				}
				d.Body = nil
			}
			var b bytes.Buffer
			if err := format.Node(&b, fset, declaration); err != nil {
				t.Fatal(err)
			}
			all = append(all, strings.ReplaceAll(b.String(), "\n\n", "\n")) // blank lines stood between comments
		}
	}
	slices.Sort(all)
	return all
}

// promised reports whether a function can be called from outside: a method of an
// unexported type can't be named there.
func promised(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	receiver := f.Recv.List[0].Type
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	name, ok := receiver.(*ast.Ident)
	return !ok || name.IsExported()
}
