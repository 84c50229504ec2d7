package filter

// buckets is a bag of points whose key is the hash of a value, or of a part of a text.
type hashIndex struct {
	postings
	heads extendibleHash
}

func (b *hashIndex) init(a *columnIndex) { b.column, b.chains = a, b }

func (b *hashIndex) head(key uint64) uint32               { return b.heads.get(key, &b.list) }
func (b *hashIndex) addHead(key uint64, id uint32)        { b.heads.insert(key, id) }
func (b *hashIndex) moveHead(key uint64, from, to uint32) { b.heads.replace(key, from, to) }
func (b *hashIndex) dropHead(key uint64, id uint32)       { b.heads.remove(key, id) }

// put gives an entry a point of a key.
func (b *hashIndex) put(e *Handle, key uint64) { b.add(e, key, b.head(key)) }

// count is how many points a key has.
func (b *hashIndex) count(key uint64) int {
	if head := b.head(key); head != 0 {
		return int(b.list.at(head).count)
	}
	return 0
}
