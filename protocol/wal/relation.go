package wal

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/tablewire/tablewire/protocol/jsonstring"
)

// Identity is a table's replica identity: what the log tells of a row that is
// updated or deleted (manual: ALTER TABLE, REPLICA IDENTITY).
type Identity byte

// The replica identities, with pg_class.relreplident's letters.
const (
	IdentityDefault Identity = 'd' // the primary key's old values
	IdentityIndex   Identity = 'i' // an index's old values
	IdentityFull    Identity = 'f' // the whole old row
	IdentityNothing Identity = 'n' // nothing
)

// Relation is one version of a table: a new one is made whenever the table's
// columns change, and none is ever altered, so that it may be read everywhere
// at once and be compared by pointer.
type Relation struct {
	OID    uint32
	Schema string
	Name   string
	// Identity is what the log tells of old rows: of a table whose partitions have
	// others, FULL only if each of them that is known is.
	Identity Identity
	Columns  []Column
	// Learned counts how often partitions of the table have begun to tell more of old
	// rows than before.
	Learned int
	// At is a position of the log at which the table was like this: of the commit
	// with which the stream described it, or of when the catalog was asked. It tells
	// which of two versions is the newer one.
	At LSN
	// Unsent are the table's other columns, for error messages. It is nil until
	// somebody asks for it.
	Unsent []UnsentColumn
}

// UnsentColumn is a column of the table that logical replication does not carry.
type UnsentColumn struct {
	Name string
	Why  string // for the client: "it is a virtual generated column"
}

// NoSuchColumn is the error about a name that none of the relation's columns has.
func (r *Relation) NoSuchColumn(name string) error {
	for _, u := range r.Unsent {
		if u.Name == name {
			return u.Err()
		}
	}
	return fmt.Errorf("no such column in %q", r.TableName().String())
}

// Err says that there is such a column, and why nothing can be done with it.
func (u UnsentColumn) Err() error {
	return fmt.Errorf("PostgreSQL does not send the column %q: %s", u.Name, u.Why)
}

// Column of a relation.
type Column struct {
	Name string
	Type Type
	// Key says that the column identifies a row: it belongs to the primary key,
	// or to the replica identity's index where that is another one.
	Key bool
	// AppendJSON appends the value whose text form is given, as JSON. It is never
	// called for NULL. It is nil in a relation that was not made for encoding.
	AppendJSON func(dst, text []byte) []byte
	// JSONKey is the name as a JSON string with the colon behind it; NewColumn sets it.
	JSONKey []byte
}

// NewColumn returns a column with its label built.
func NewColumn(name string, t Type, key bool, appendJSON func(dst, text []byte) []byte) Column {
	return Column{
		Name: name, Type: t, Key: key, AppendJSON: appendJSON,
		JSONKey: append(jsonstring.Append(nil, name), ':'),
	}
}

// TableName tells tables apart. A collection's name does not always: the table "a.b"
// of public and the table "b" of the schema "a" have the same.
type TableName struct {
	Schema, Table string
}

// String is the table's canonical name among collections: the bare name in the
// schema public, else schema.table.
func (n TableName) String() string {
	if n.Schema == "public" {
		return n.Table
	}
	return n.Schema + "." + n.Table
}

// LogValue has every log write the name as String does.
func (n TableName) LogValue() slog.Value { return slog.StringValue(n.String()) }

// TableName is which table the relation is a version of.
func (r *Relation) TableName() TableName { return TableName{r.Schema, r.Name} }

// CollectionTables lists what a collection's name may mean, best first: a name
// that holds a dot is a table of public before it is split.
func CollectionTables(name string) []TableName {
	tables := []TableName{{"public", name}}
	for i := range len(name) {
		if name[i] == '.' {
			tables = append(tables, TableName{name[:i], name[i+1:]})
		}
	}
	return tables
}

// Column finds a column by its exact name; -1 when there is none.
func (r *Relation) Column(name string) int {
	for i := range r.Columns {
		if r.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// Kind is what a type's values are compared as.
type Kind uint8

// The kinds. A domain has the kind of what it is based on.
const (
	KindOther       Kind = iota // by its text form
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
	KindEnum                    // an enum: Type.Labels has its labels in their order
	KindArray                   // an array: Type.Elem
	KindComposite               // a row type: Type.Fields
	KindRange                   // a range or multirange
)

// Type is a column's type with all that is needed to encode and compare its
// values. Domains are resolved to their base type.
type Type struct {
	OID    uint32 // of the type itself, the domain's where it is one
	Name   string // as format_type prints it, for messages: "integer", "numeric(10,2)", "mood"
	Base   uint32 // OID of the base type; the same as OID where the type is no domain
	Kind   Kind
	Bits   int      // of KindInt and KindFloat: 16, 32 or 64
	Delim  byte     // of KindArray: between two elements, nearly always ','
	Elem   *Type    // of KindArray
	Labels []string // of KindEnum
	Fields []Field  // of KindComposite
	// Extension tells a base type that an extension made; zero for all others. Names
	// don't: anybody can make a type called hstore, and a domain has a name of its own.
	Extension ExtensionType
	// Folding is how values of the extension citext compare; nil for all others.
	Folding *Folding
	// SpatialRefs are the names of PostGIS' reference systems; nil for all others.
	SpatialRefs *SpatialRefs
	// JSONCast says that to_jsonb gives what a function makes of the value, a cast of
	// the base type to json.
	JSONCast bool
}

// ExtensionType is a type by the extension that made it, whatever schema it is in.
type ExtensionType struct {
	Name string // of the extension
	Type string // the type's own name
}

// Field of a composite type.
type Field struct {
	Name string
	Type Type
}

// String is the type's name.
func (t Type) String() string { return strings.TrimSpace(t.Name) }

// firstCustomOID is the least OID of what is made in a database (FirstNormalObjectId in
// PostgreSQL's source, access/transam.h).
const firstCustomOID = 16384

// Custom reports whether a type is, or is made of, one that somebody made and may alter.
func (t *Type) Custom() bool {
	return t.OID >= firstCustomOID || t.Base >= firstCustomOID || t.Elem != nil && t.Elem.Custom() ||
		slices.ContainsFunc(t.Fields, func(f Field) bool { return f.Type.Custom() })
}

// SameColumns reports whether a row of the one relation can be read as a row of
// the other: the same columns in the same order, each of the same type.
func (r *Relation) SameColumns(o *Relation) bool {
	return slices.EqualFunc(r.Columns, o.Columns, func(a, b Column) bool {
		return a.Name == b.Name && a.Type.Same(b.Type)
	})
}

// Same reports whether values of the two types read and compare alike.
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
