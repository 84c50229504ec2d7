package filter

// hashIndex is a list of postings that are chained by key: the hash of a value, or of a part of
// a text. It serves eq and in; the indexes for parts of texts and for two columns build on it.
type hashIndex struct {
	postings
	heads extendibleHash
}

func (hx *hashIndex) init(col *columnIndex) { hx.column, hx.chains = col, hx }

func (hx *hashIndex) head(key uint64) uint32               { return hx.heads.get(key, &hx.list) }
func (hx *hashIndex) addHead(key uint64, id uint32)        { hx.heads.insert(key, id) }
func (hx *hashIndex) moveHead(key uint64, from, to uint32) { hx.heads.replace(key, from, to) }
func (hx *hashIndex) dropHead(key uint64, id uint32)       { hx.heads.remove(key, id) }

// put adds a posting of a handle under a key.
func (hx *hashIndex) put(h *Handle, key uint64) { hx.add(h, key, hx.head(key)) }

// count returns how many postings have a key.
func (hx *hashIndex) count(key uint64) int {
	if head := hx.head(key); head != 0 {
		return int(hx.list.at(head).count)
	}
	return 0
}
