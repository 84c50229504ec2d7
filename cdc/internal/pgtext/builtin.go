package pgtext

import "github.com/tablewire/tablewire/protocol/wal"

// builtin is a type of pg_catalog whose OID is the same in every database
// (PostgreSQL's source, pg_type.dat).
type builtin struct {
	oid   uint32
	array uint32 // the type of arrays of it; 0: it has none
	name  string // as format_type prints it for a modifier of -1
	bits  int
}

// builtins lists the types by the kind that they are compared as. oid is not among the
// integers: it is unsigned, and a string in JSON.
var builtins = map[wal.Kind][]builtin{
	wal.KindBool: {
		{16, 1000, "boolean", 0},
	},
	wal.KindInt: {
		{20, 1016, "bigint", 64},
		{21, 1005, "smallint", 16},
		{23, 1007, "integer", 32},
	},
	wal.KindFloat: {
		{700, 1021, "real", 32},
		{701, 1022, "double precision", 64},
	},
	wal.KindNumeric: {
		{1700, 1231, "numeric", 0},
	},
	wal.KindText: {
		{18, 1002, `"char"`, 0},
		{19, 1003, "name", 0},
		{25, 1009, "text", 0},
		{1042, 1014, "bpchar", 0},
		{1043, 1015, "character varying", 0},
	},
	wal.KindUUID: {
		{2950, 2951, "uuid", 0},
	},
	wal.KindDate: {
		{1082, 1182, "date", 0},
	},
	wal.KindTime: {
		{1083, 1183, "time without time zone", 0},
	},
	wal.KindTimestamp: {
		{1114, 1115, "timestamp without time zone", 0},
	},
	wal.KindTimestampTZ: {
		{1184, 1185, "timestamp with time zone", 0},
	},
	wal.KindBytea: {
		{17, 1001, "bytea", 0},
	},
	wal.KindJSON: {
		{114, 199, "json", 0},
		{3802, 3807, "jsonb", 0},
	},
	wal.KindRange: {
		{3904, 3905, "int4range", 0},
		{3906, 3907, "numrange", 0},
		{3908, 3909, "tsrange", 0},
		{3910, 3911, "tstzrange", 0},
		{3912, 3913, "daterange", 0},
		{3926, 3927, "int8range", 0},
		{4451, 6150, "int4multirange", 0},
		{4532, 6151, "nummultirange", 0},
		{4533, 6152, "tsmultirange", 0},
		{4534, 6153, "tstzmultirange", 0},
		{4535, 6155, "datemultirange", 0},
		{4536, 6157, "int8multirange", 0},
	},
	wal.KindOther: {
		{24, 1008, "regproc", 0},
		{26, 1028, "oid", 0},
		{27, 1010, "tid", 0},
		{28, 1011, "xid", 0},
		{29, 1012, "cid", 0},
		{142, 143, "xml", 0},
		{194, 0, "pg_node_tree", 0},
		{600, 1017, "point", 0},
		{601, 1018, "lseg", 0},
		{602, 1019, "path", 0},
		{603, 1020, "box", 0},
		{604, 1027, "polygon", 0},
		{628, 629, "line", 0},
		{650, 651, "cidr", 0},
		{718, 719, "circle", 0},
		{774, 775, "macaddr8", 0},
		{790, 791, "money", 0},
		{829, 1040, "macaddr", 0},
		{869, 1041, "inet", 0},
		{1033, 1034, "aclitem", 0},
		{1186, 1187, "interval", 0},
		{1266, 1270, "time with time zone", 0},
		{1560, 1561, `"bit"`, 0},
		{1562, 1563, "bit varying", 0},
		{1790, 2201, "refcursor", 0},
		{2202, 2207, "regprocedure", 0},
		{2203, 2208, "regoper", 0},
		{2204, 2209, "regoperator", 0},
		{2205, 2210, "regclass", 0},
		{2206, 2211, "regtype", 0},
		{2970, 2949, "txid_snapshot", 0},
		{3220, 3221, "pg_lsn", 0},
		{3361, 0, "pg_ndistinct", 0},
		{3402, 0, "pg_dependencies", 0},
		{3614, 3643, "tsvector", 0},
		{3615, 3645, "tsquery", 0},
		{3642, 3644, "gtsvector", 0},
		{3734, 3735, "regconfig", 0},
		{3769, 3770, "regdictionary", 0},
		{4072, 4073, "jsonpath", 0},
		{4089, 4090, "regnamespace", 0},
		{4096, 4097, "regrole", 0},
		{4191, 4192, "regcollation", 0},
		{4600, 0, "pg_brin_bloom_summary", 0},
		{4601, 0, "pg_brin_minmax_multi_summary", 0},
		{5017, 0, "pg_mcv_list", 0},
		{5038, 5039, "pg_snapshot", 0},
		{5069, 271, "xid8", 0},
		{6437, 6442, "oid8", 0},        // from PostgreSQL 19 on
		{6490, 6491, "regdatabase", 0}, // from PostgreSQL 19 on
	},
}

// boxDelim separates the boxes of an array, because a box has commas in its text. All other
// types of pg_catalog have a comma.
const (
	oidBox   = 603
	boxDelim = ';'
)

// scalars and arrays index builtins, arrays by the array's OID.
var scalars, arrays = func() (scalars, arrays map[uint32]wal.Type) {
	scalars, arrays = map[uint32]wal.Type{}, map[uint32]wal.Type{}
	add := func(t wal.Type, array uint32) {
		scalars[t.OID] = t
		if array != 0 {
			arrays[array] = t
		}
	}
	for kind, types := range builtins {
		for _, b := range types {
			add(wal.Type{OID: b.oid, Base: b.oid, Name: b.name, Kind: kind, Bits: b.bits}, b.array)
		}
	}
	add(vector(oidInt2vector, "int2vector", scalars[21]), 1006)
	add(vector(oidOidvector, "oidvector", scalars[26]), 1013)
	return scalars, arrays
}()

func vector(oid uint32, name string, elem wal.Type) wal.Type {
	return wal.Type{OID: oid, Base: oid, Name: name, Kind: wal.KindArray, Delim: ' ', Elem: &elem}
}

// Builtin returns the type of pg_catalog with this OID, or the array type, without asking a
// database. typmod is the column's modifier, or -1; it goes into the name, as in
// numeric(10,2). ok is false for any other OID, for the row types of system tables and for
// pseudo-types.
//
// The result is the caller's, except for the types that Elem of int2vector and oidvector
// points at: all callers share these.
func Builtin(oid uint32, typmod int32) (_ wal.Type, ok bool) {
	if t, ok := scalars[oid]; ok {
		t.Name = withModifier(oid, t.Name, typmod)
		return t, true
	}
	elem, ok := arrays[oid]
	if !ok {
		return wal.Type{}, false
	}
	// An array's modifier is that of its elements.
	elem.Name = withModifier(elem.OID, elem.Name, typmod)
	t := wal.Type{OID: oid, Base: oid, Name: elem.Name + "[]", Kind: wal.KindArray, Delim: ',', Elem: &elem}
	if elem.OID == oidBox {
		t.Delim = boxDelim
	}
	return t, true
}
