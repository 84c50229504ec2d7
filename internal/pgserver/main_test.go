package pgserver_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/tablewire/tablewire/internal/pgserver"
)

// helperEnv makes the test binary a program that runs a server and waits to be killed.
const helperEnv = "TABLEWIRE_PGSERVER_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(helperEnv) != "" {
		s, err := pgserver.Start(context.Background(), pgserver.Config{})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(s.URL("postgres"))
		select {}
	}
	goleak.VerifyTestMain(m)
}
