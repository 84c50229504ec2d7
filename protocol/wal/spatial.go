package wal

// SpatialRefs are the names that a database has for spatial reference systems, such as
// EPSG:4326, by their SRID. They are never altered.
type SpatialRefs struct {
	Names map[int32]string
}

// Name is a reference system's name; "" where it has none.
func (r *SpatialRefs) Name(srid int32) string {
	if r == nil || srid == 0 {
		return ""
	}
	return r.Names[srid]
}
