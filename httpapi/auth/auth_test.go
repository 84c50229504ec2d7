package auth_test

import (
	"errors"
	"testing"

	"github.com/tablewire/tablewire/httpapi/auth"
	"github.com/tablewire/tablewire/protocol"
)

func TestStaticKey(t *testing.T) {
	t.Parallel()
	authenticate := auth.StaticKey("secret")
	for credential, want := range map[string]error{
		"secret": nil, "": protocol.ErrKeyRequired, "Secret": protocol.ErrKeyInvalid, "secrets": protocol.ErrKeyInvalid, "s": protocol.ErrKeyInvalid,
	} {
		p, err := authenticate(t.Context(), credential)
		if !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", credential, err, want)
		}
		if project := map[bool]string{true: auth.DefaultProject}[want == nil]; p.Project != project {
			t.Errorf("%q: project %q, want %q", credential, p.Project, project)
		}
	}
}
