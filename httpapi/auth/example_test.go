package auth_test

import (
	"context"
	"fmt"

	"github.com/tablewire/tablewire/httpapi/auth"
	"github.com/tablewire/tablewire/protocol"
)

// An application that issues a token to each of its customers.
func ExampleAuthenticator() {
	customers := map[string]string{"token of alice": "acme", "token of bob": "globex"}
	authenticate := auth.Authenticator(func(_ context.Context, token string) (auth.Principal, error) {
		customer, ok := customers[token]
		if !ok {
			return auth.Principal{}, protocol.ErrKeyInvalid
		}
		return auth.Principal{Project: customer}, nil
	})

	p, err := authenticate(context.Background(), "token of alice")
	fmt.Println(p.Project, err)
	_, err = authenticate(context.Background(), "guessed")
	fmt.Println(err)
	// Output:
	// acme <nil>
	// Invalid API key: Project not found
}
