package wal

// SpatialRefs holds the names of a database's spatial reference systems, such as
// EPSG:4326, by SRID (PostGIS: spatial_ref_sys). It is immutable.
type SpatialRefs struct {
	Names map[int32]string
}

// Name returns a reference system's name, or "" if it has none. r may be nil.
func (r *SpatialRefs) Name(srid int32) string {
	if r == nil || srid == 0 {
		return ""
	}
	return r.Names[srid]
}
