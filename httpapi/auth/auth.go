package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"

	"github.com/tablewire/tablewire/protocol"
)

// DefaultProject is the project of a [StaticKey].
const DefaultProject = "default"

// Principal is who a client is.
type Principal struct {
	// Project separates clients: a broadcast and a room are seen only within their
	// project. It must not be empty.
	Project string
}

// Authenticator returns the principal that a credential belongs to. The package's
// documentation says what its errors mean.
type Authenticator func(ctx context.Context, credential string) (Principal, error)

// StaticKey returns the Authenticator of the project [DefaultProject] with one key.
// It keeps a digest of the key, so that neither the time that a comparison takes nor a
// dump of the memory tells the key.
func StaticKey(key string) Authenticator {
	want := sha256.Sum256([]byte(key))
	return func(_ context.Context, credential string) (Principal, error) {
		if credential == "" {
			return Principal{}, protocol.ErrKeyRequired
		}
		got := sha256.Sum256([]byte(credential))
		if subtle.ConstantTimeCompare(want[:], got[:]) != 1 {
			return Principal{}, protocol.ErrKeyInvalid
		}
		return Principal{Project: DefaultProject}, nil
	}
}
