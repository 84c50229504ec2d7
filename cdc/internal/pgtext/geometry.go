package pgtext

import (
	"math"

	"github.com/tablewire/tablewire/protocol/jsonstring"
	"github.com/tablewire/tablewire/protocol/wal"
)

// geometry is PostGIS' type. geometryEncoder does its cast to json.
var geometry = wal.ExtensionType{Name: "postgis", Type: "geometry"}

// The types of geometry that GeoJSON has a place for, by their codes (PostGIS: EWKB).
const (
	wkbPoint = iota + 1
	wkbLineString
	wkbPolygon
	wkbMultiPoint
	wkbMultiLineString
	wkbMultiPolygon
	wkbCollection

	wkbTIN      = 16
	wkbTriangle = 17
)

// geometryEncoder appends geometries as GeoJSON, as PostGIS 3 casts them to json. What
// that cast refuses, or does not make valid JSON of, stays text: curves, surfaces,
// collections in collections, empty points in a MultiPoint, coordinates that are NaN or
// infinite.
func geometryEncoder(refs *wal.SpatialRefs) encoder {
	return func(dst, text []byte) []byte {
		g := ewkb{text: text}
		if _, ok := g.check(0); !ok || len(g.text) > 0 {
			return appendString(dst, text)
		}
		g = ewkb{text: text}
		return g.append(dst, refs)
	}
}

// geometryHeader is what an EWKB geometry begins with.
type geometryHeader struct {
	kind uint32
	srid int32 // 0: it has none
	dims int   // ordinates of a point: 2, 3 or 4
	z    bool  // the third ordinate is Z, and not the measure
	n    int   // how many points, rings or geometries follow; 1 if it is a point
}

// The smallest size of each element, in bytes: a count is wrong if the rest of the text is
// shorter than that many elements.
const (
	ordinateSize = 8
	ringSize     = 4
	headerSize   = 5
)

// readHeader reads a geometry's header. It returns false if the header is malformed.
func (g *ewkb) readHeader() (s geometryHeader, ok bool) {
	const flagZ, flagM, flagSRID = 1 << 31, 1 << 30, 1 << 29
	if len(g.text) < 2 || g.text[0] != '0' || g.text[1] > '1' {
		return s, false
	}
	g.bigEndian = g.text[1] == '0'
	g.text = g.text[2:]
	code, ok := g.uint32()
	if !ok {
		return s, false
	}
	s.kind, s.z, s.dims = code&^(flagZ|flagM|flagSRID), code&flagZ != 0, 2
	if s.z {
		s.dims++
	}
	if code&flagM != 0 {
		s.dims++
	}
	if code&flagSRID != 0 {
		srid, ok := g.uint32()
		if !ok {
			return s, false
		}
		s.srid = int32(srid)
	}
	s.n = 1
	if s.kind == wkbPoint {
		return s, true
	}
	size := headerSize
	switch s.kind {
	case wkbLineString:
		size = s.dims * ordinateSize
	case wkbPolygon, wkbTriangle:
		size = ringSize
	}
	s.n, ok = g.count(size)
	return s, ok
}

// check reads a geometry, and says whether it is empty. depth is the number of geometries
// around it. ok is false if the geometry is malformed, or if GeoJSON can't have it in this
// place.
func (g *ewkb) check(depth int) (empty, ok bool) {
	s, ok := g.readHeader()
	if !ok || depth > 1 && s.kind >= wkbMultiPoint && s.kind != wkbTriangle {
		return false, false
	}
	switch s.kind {
	case wkbPoint:
		return g.checkPoints(1, s.dims, true)
	case wkbLineString:
		return g.checkPoints(s.n, s.dims, false)
	case wkbPolygon, wkbTriangle:
		return g.checkRings(s)
	case wkbMultiPoint, wkbMultiLineString, wkbMultiPolygon, wkbCollection, wkbTIN:
	default:
		return false, false
	}
	return g.checkParts(s, depth)
}

// checkParts reads the parts of a geometry that is made of others.
func (g *ewkb) checkParts(s geometryHeader, depth int) (empty, ok bool) {
	empty, someEmpty := true, false
	for range s.n {
		kind, known := g.kind()
		if !known || !partOf(s.kind, kind, depth) {
			return false, false
		}
		partEmpty, ok := g.check(depth + 1)
		if !ok {
			return false, false
		}
		empty, someEmpty = empty && partEmpty, someEmpty || partEmpty
	}
	if s.kind == wkbMultiPoint && someEmpty && !empty {
		return false, false // GeoJSON has no empty point in a MultiPoint
	}
	return empty, true
}

// partOf says whether GeoJSON can have a geometry within another one.
func partOf(whole, part uint32, depth int) bool {
	switch whole {
	case wkbMultiPoint, wkbMultiLineString, wkbMultiPolygon:
		return part == whole-wkbMultiPoint+wkbPoint
	case wkbTIN:
		return depth == 0 && part == wkbTriangle
	}
	return depth == 0 && (part < wkbCollection || part == wkbTriangle)
}

func (g *ewkb) checkRings(s geometryHeader) (empty, ok bool) {
	empty = true
	for range s.n {
		n, ok := g.count(s.dims * ordinateSize)
		if !ok {
			return false, false
		}
		ringEmpty, ok := g.checkPoints(n, s.dims, false)
		if !ok {
			return false, false
		}
		empty = empty && ringEmpty
	}
	return empty, true
}

// checkPoints reads n points. All ordinates must be numbers; only a single point may have
// NaN for each: it is empty.
func (g *ewkb) checkPoints(n, dims int, single bool) (empty, ok bool) {
	numbers := 0
	for range n * dims {
		f, ok := g.float64()
		if !ok || math.IsInf(f, 0) {
			return false, false
		}
		if !math.IsNaN(f) {
			numbers++
		}
	}
	return numbers == 0, numbers == n*dims || single && numbers == 0
}

// append appends a geometry that check has accepted.
func (g *ewkb) append(dst []byte, refs *wal.SpatialRefs) []byte {
	rest := *g
	empty, _ := rest.check(0)
	s, _ := g.readHeader()
	dst = append(dst, `{"type":"`...)
	dst = append(dst, geoJSONNames[s.kind]...)
	dst = append(dst, '"')
	if name := refs.Name(s.srid); name != "" {
		dst = append(dst, `,"crs":{"type":"name","properties":{"name":`...)
		dst = append(jsonstring.Append(dst, name), "}}"...)
	}
	whole := s.kind == wkbCollection || s.kind == wkbTIN
	if whole {
		dst = append(dst, `,"geometries":`...)
	} else {
		dst = append(dst, `,"coordinates":`...)
	}
	switch {
	case empty && s.kind == wkbTriangle:
		dst = append(dst, "[[]]"...)
	case empty:
		dst = append(dst, "[]"...)
	case whole:
		dst = g.appendGeometries(dst, s)
	default:
		dst = g.appendCoordinates(dst, s)
	}
	g.text = rest.text
	return append(dst, '}')
}

func (g *ewkb) appendGeometries(dst []byte, s geometryHeader) []byte {
	dst = append(dst, '[')
	for i := range s.n {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = g.append(dst, nil)
	}
	return append(dst, ']')
}

// geoJSONNames are the types' names, by their codes.
var geoJSONNames = [...]string{
	wkbPoint: "Point", wkbLineString: "LineString", wkbPolygon: "Polygon", wkbMultiPoint: "MultiPoint",
	wkbMultiLineString: "MultiLineString", wkbMultiPolygon: "MultiPolygon", wkbCollection: "GeometryCollection",
	wkbTIN: "GeometryCollection", wkbTriangle: "Polygon",
}

// appendCoordinates appends the coordinates that follow a header.
func (g *ewkb) appendCoordinates(dst []byte, s geometryHeader) []byte {
	switch s.kind {
	case wkbPoint:
		return g.appendPoint(dst, s)
	case wkbLineString:
		return g.appendPoints(dst, s.n, s)
	}
	dst = append(dst, '[')
	for i := range s.n {
		if i > 0 {
			dst = append(dst, ',')
		}
		if s.kind == wkbPolygon || s.kind == wkbTriangle {
			n, _ := g.count(s.dims * ordinateSize)
			dst = g.appendPoints(dst, n, s)
		} else {
			part, _ := g.readHeader()
			dst = g.appendCoordinates(dst, part)
		}
	}
	return append(dst, ']')
}

func (g *ewkb) appendPoints(dst []byte, n int, s geometryHeader) []byte {
	dst = append(dst, '[')
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = g.appendPoint(dst, s)
	}
	return append(dst, ']')
}

// appendPoint appends the ordinates of a point without its measure, which GeoJSON lacks.
func (g *ewkb) appendPoint(dst []byte, s geometryHeader) []byte {
	dst = append(dst, '[')
	for i := range s.dims {
		f, _ := g.float64()
		switch {
		case i > 2 || i == 2 && !s.z:
			continue
		case i > 0:
			dst = append(dst, ',')
		}
		dst = appendOrdinate(dst, f)
	}
	return append(dst, ']')
}
