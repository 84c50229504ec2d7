package pgoutput

// Truncate says that tables were emptied.
type Truncate struct {
	Cascade         bool
	RestartIdentity bool
	Relations       []uint32 // OIDs of those tables that are published
}

// The options of a truncate message.
const (
	flagCascade         = 1
	flagRestartIdentity = 2
)

// DecodeTruncate reads a truncate message. The error is a [*SyntaxError].
func DecodeTruncate(msg []byte) (Truncate, error) {
	r := open(msg, TypeTruncate)
	n := int64(r.uint32())
	options := r.uint8()
	if n*4 > int64(r.rest()) {
		r.fail("more relations than the message has room for")
		return Truncate{}, r.close()
	}
	m := Truncate{
		Cascade:         options&flagCascade != 0,
		RestartIdentity: options&flagRestartIdentity != 0,
		Relations:       make([]uint32, n),
	}
	for i := range m.Relations {
		m.Relations[i] = r.uint32()
	}
	if err := r.close(); err != nil {
		return Truncate{}, err
	}
	return m, nil
}
