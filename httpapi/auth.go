package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"

	"github.com/tablewire/tablewire/protocol"
)

// project is whom a key belongs to, and with it everything that its clients see.
type project struct {
	ID string
}

// ProjectID is the one project's.
const ProjectID = "default"

// keyring tells the project of a key. It holds digests, so that neither the time
// a comparison takes nor a dump of the memory tells a key. Several projects,
// keys that expire and keys in a database are a matter of this file.
type keyring struct {
	keys []keyOf
}

type keyOf struct {
	digest  [sha256.Size]byte
	project *project
}

// newKeyring makes the keyring of one project with one key.
func newKeyring(key string) *keyring {
	return &keyring{keys: []keyOf{{sha256.Sum256([]byte(key)), &project{ID: ProjectID}}}}
}

// project finds the project of a key. The error is what the client is told.
func (k *keyring) project(key string) (*project, *protocol.Error) {
	if key == "" {
		return nil, protocol.ErrKeyRequired
	}
	digest := sha256.Sum256([]byte(key))
	var found *project
	for i := range k.keys {
		if subtle.ConstantTimeCompare(k.keys[i].digest[:], digest[:]) == 1 {
			found = k.keys[i].project
		}
	}
	if found == nil {
		return nil, protocol.ErrKeyInvalid
	}
	return found, nil
}
