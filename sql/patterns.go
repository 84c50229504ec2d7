package sql

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/tablewire/tablewire/protocol/wal"
)

// Patterns say which tables are exposed.
type Patterns struct {
	include, exclude []string
}

// ParsePatterns reads names and globs: "orders" or "public.orders" is one table, "shop.*"
// all tables of a schema, "*.*" all tables, "public.audit_*" some. A pattern that begins
// with "!" takes tables out again. A name without a dot is in the schema public. For a comma in
// a name, write the glob "?".
func ParsePatterns(list []string) (Patterns, error) {
	var p Patterns
	for _, s := range list {
		s = strings.TrimSpace(s)
		name, excluded := strings.CutPrefix(s, "!")
		if name == "" {
			continue
		}
		if strings.Contains(name, ",") && !strings.ContainsAny(name, `[\`) {
			return Patterns{}, fmt.Errorf("%q has a comma: give each name or glob an item of its own", s)
		}
		if _, err := path.Match(name, ""); err != nil {
			return Patterns{}, fmt.Errorf("%q can't be a pattern for tables: %w", s, err)
		}
		if excluded {
			p.exclude = append(p.exclude, name)
		} else {
			p.include = append(p.include, name)
		}
	}
	switch {
	case len(p.include) == 0 && len(p.exclude) > 0:
		return Patterns{}, fmt.Errorf("the patterns for tables only exclude: name first what they exclude from, as in public.*,!%s", p.exclude[0])
	case len(p.include) == 0:
		return Patterns{}, errors.New("there is no pattern for tables: give names or globs, such as public.*")
	}
	return p, nil
}

// names returns the tables of the patterns that are not globs.
func (p Patterns) names() []wal.TableName {
	var names []wal.TableName
	for _, pattern := range p.include {
		if !strings.ContainsAny(pattern, `*?[\`) {
			names = append(names, wal.CollectionTables(pattern)...)
		}
	}
	return names
}

// unmatched returns those of the patterns that no table matches.
func unmatched(patterns []string, tables []tableRow) []string {
	return slices.DeleteFunc(slices.Clone(patterns), func(pattern string) bool {
		return slices.ContainsFunc(tables, func(t tableRow) bool { return matches(pattern, t.Schema, t.Name) })
	})
}

// Match reports whether a table is exposed.
func (p Patterns) Match(schema, table string) bool {
	return anyMatches(p.include, schema, table) && !anyMatches(p.exclude, schema, table)
}

func anyMatches(patterns []string, schema, table string) bool {
	for _, pattern := range patterns {
		if matches(pattern, schema, table) {
			return true
		}
	}
	return false
}

// matches compares schema and table separately, so that a star never spans the dot.
func matches(pattern, schema, table string) bool {
	for _, t := range wal.CollectionTables(pattern) {
		inSchema, _ := path.Match(t.Schema, schema) // ParsePatterns has checked the syntax
		isTable, _ := path.Match(t.Table, table)
		if inSchema && isTable {
			return true
		}
	}
	return false
}

// SplitName reads a table's name; without a dot it is in public.
func SplitName(name string) wal.TableName {
	if schema, table, ok := strings.Cut(name, "."); ok {
		return wal.TableName{Schema: schema, Table: table}
	}
	return wal.TableName{Schema: "public", Table: name}
}
