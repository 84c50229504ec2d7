package wal

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/tablewire/tablewire/protocol/jsonstring"
)

// Identity is a table's replica identity: which old values of a row the log has after an
// update or a delete (manual: ALTER TABLE, REPLICA IDENTITY).
type Identity byte

// The replica identities, with pg_class.relreplident's letters.
const (
	IdentityDefault Identity = 'd' // the old values of the primary key
	IdentityIndex   Identity = 'i' // the old values of an index's columns
	IdentityFull    Identity = 'f' // the whole old row
	IdentityNothing Identity = 'n' // nothing
)

// Relation is one version of a table. A change of the table's columns makes a new
// Relation. A Relation is immutable, so goroutines share it and compare it by pointer.
type Relation struct {
	OID    uint32
	Schema string
	Name   string
	// Identity is the table's replica identity. For a partitioned table it is FULL only if
	// that of each known partition is.
	Identity Identity
	Columns  []Column
	// Learned counts how often the log began to have more of the old rows of the table's
	// partitions than before.
	Learned int
	// At is a position of the log at which the table had this version: that of the commit
	// with which the stream described it, or that at which the catalog was read. Of two
	// versions the one with the higher position is newer.
	At LSN
	// Unsent lists the columns that logical replication leaves out, for error messages. It
	// is nil if the catalog was not asked for them.
	Unsent []UnsentColumn
}

// UnsentColumn is a column of a table that logical replication leaves out.
type UnsentColumn struct {
	Name string
	Why  string // for clients: "it is a virtual generated column"
}

// NoSuchColumn returns the error for a name that no column of the relation has. Its text is
// for clients.
func (r *Relation) NoSuchColumn(name string) error {
	for _, u := range r.Unsent {
		if u.Name == name {
			return u.Err()
		}
	}
	return fmt.Errorf("no such column in %q", r.TableName().String())
}

// Err returns the error for a client that names the column.
func (u UnsentColumn) Err() error {
	return fmt.Errorf("PostgreSQL does not send the column %q: %s", u.Name, u.Why)
}

// Column is a column of a relation. Make it with NewColumn.
type Column struct {
	Name string
	Type Type
	// Key says that the column identifies a row: it belongs to the replica identity's
	// index if there is one, else to the primary key.
	Key bool
	// AppendJSON appends a value as JSON, given its text form. It must not be called for
	// NULL. It is nil if the relation is for matching only.
	AppendJSON func(dst, text []byte) []byte
	// JSONKey is the name as a JSON string, followed by a colon.
	JSONKey []byte
}

// NewColumn returns a column with its JSONKey set.
func NewColumn(name string, t Type, key bool, appendJSON func(dst, text []byte) []byte) Column {
	return Column{
		Name: name, Type: t, Key: key, AppendJSON: appendJSON,
		JSONKey: append(jsonstring.Append(nil, name), ':'),
	}
}

// TableName identifies a table. A collection's name does not always: the table "a.b" in
// the schema public and the table "b" in the schema "a" have the same one.
type TableName struct {
	Schema, Table string
}

// String returns the table's name as a collection: the bare name if the schema is public,
// else schema.table.
func (n TableName) String() string {
	if n.Schema == "public" {
		return n.Table
	}
	return n.Schema + "." + n.Table
}

// LogValue makes logs show the name that String returns.
func (n TableName) LogValue() slog.Value { return slog.StringValue(n.String()) }

// TableName returns the name of the relation's table.
func (r *Relation) TableName() TableName { return TableName{r.Schema, r.Name} }

// CollectionTables returns the tables that a collection's name may mean, the preferred one
// first: the whole name as a table of public, then the name split at each of its dots.
func CollectionTables(name string) []TableName {
	tables := []TableName{{"public", name}}
	for i := range len(name) {
		if name[i] == '.' {
			tables = append(tables, TableName{name[:i], name[i+1:]})
		}
	}
	return tables
}

// Column returns the index of the column with exactly this name, or -1.
func (r *Relation) Column(name string) int {
	for i := range r.Columns {
		if r.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// Kind says how the values of a type compare.
type Kind uint8

// The kinds. A domain has its base type's kind.
const (
	KindOther       Kind = iota // any other type: compares by its text form
	KindBool                    // boolean
	KindInt                     // smallint, integer, bigint: Type.Bits says which
	KindFloat                   // real, double precision: Type.Bits says which
	KindNumeric                 // numeric
	KindText                    // text, varchar, char, name; citext: Type.Folding says how it compares
	KindUUID                    // uuid
	KindDate                    // date
	KindTime                    // time without time zone
	KindTimestamp               // timestamp without time zone
	KindTimestampTZ             // timestamp with time zone
	KindBytea                   // bytea
	KindJSON                    // json, jsonb
	KindEnum                    // an enum: Type.Labels has its labels in order
	KindArray                   // an array: Type.Elem
	KindComposite               // a row type: Type.Fields
	KindRange                   // a range or multirange
)

// Type is the type of a column, with what encoding and comparing its values takes. The
// catalog resolves a domain to its base type.
type Type struct {
	OID    uint32 // the type's own, also for a domain
	Name   string // as format_type prints it, for messages: "integer", "numeric(10,2)", "mood"
	Base   uint32 // the OID of the base type; equals OID unless the type is a domain
	Kind   Kind
	Bits   int      // for KindInt and KindFloat: 16, 32 or 64
	Delim  byte     // for KindArray: the delimiter between elements, mostly ','
	Elem   *Type    // for KindArray: the type of the elements
	Labels []string // for KindEnum, in order
	Fields []Field  // for KindComposite
	// Extension identifies a base type that belongs to an extension; zero for others. The
	// type's name can't: anybody can create a type named hstore.
	Extension ExtensionType
	// Folding says how values of citext compare; nil for other types.
	Folding *Folding
	// SpatialRefs names the reference systems of PostGIS types; nil for other types.
	SpatialRefs *SpatialRefs
	// JSONCast says that the base type has a cast function to json, whose result to_jsonb
	// returns.
	JSONCast bool
}

// ExtensionType names a type and the extension that it belongs to, in any schema.
type ExtensionType struct {
	Name string // of the extension
	Type string // of the type
}

// Field is a field of a composite type.
type Field struct {
	Name string
	Type Type
}

// String returns the type's name.
func (t Type) String() string { return strings.TrimSpace(t.Name) }

// firstCustomOID is the lowest OID of objects that users create (FirstNormalObjectId in
// PostgreSQL's source, access/transam.h).
const firstCustomOID = 16384

// Custom reports whether the type is, or contains, one that a user created and may alter.
func (t *Type) Custom() bool {
	return t.OID >= firstCustomOID || t.Base >= firstCustomOID || t.Elem != nil && t.Elem.Custom() ||
		slices.ContainsFunc(t.Fields, func(f Field) bool { return f.Type.Custom() })
}

// SameColumns reports whether the relations have the same columns, in the same order and
// with the same types, so that a row of one can be read as a row of the other.
func (r *Relation) SameColumns(o *Relation) bool {
	return slices.EqualFunc(r.Columns, o.Columns, func(a, b Column) bool {
		return a.Name == b.Name && a.Type.Same(b.Type)
	})
}

// Same reports whether values of the two types are parsed, compared and encoded alike.
func (t Type) Same(u Type) bool {
	if t.OID != u.OID || t.Base != u.Base || t.Name != u.Name || t.Extension != u.Extension || t.JSONCast != u.JSONCast || t.Folding != u.Folding || t.SpatialRefs != u.SpatialRefs || !slices.Equal(t.Labels, u.Labels) {
		return false
	}
	if (t.Elem == nil) != (u.Elem == nil) || t.Elem != nil && !t.Elem.Same(*u.Elem) {
		return false
	}
	return slices.EqualFunc(t.Fields, u.Fields, func(a, b Field) bool {
		return a.Name == b.Name && a.Type.Same(b.Type)
	})
}
