package filter

// buckets is a bag of points whose key is the hash of a value, or of a part of a text.
type buckets struct {
	bag
	table table
}

func (b *buckets) init(a *axis) { b.axis, b.heads = a, b }

func (b *buckets) head(key uint64) uint32               { return b.table.get(key, &b.points) }
func (b *buckets) addHead(key uint64, id uint32)        { b.table.insert(key, id) }
func (b *buckets) moveHead(key uint64, from, to uint32) { b.table.replace(key, from, to) }
func (b *buckets) dropHead(key uint64, id uint32)       { b.table.remove(key, id) }

// put gives an entry a point of a key.
func (b *buckets) put(e *Entry, key uint64) { b.add(e, key, b.head(key)) }

// count is how many points a key has.
func (b *buckets) count(key uint64) int {
	if head := b.head(key); head != 0 {
		return int(b.points.at(head).count)
	}
	return 0
}
