package doctor_test

import (
	"os"
	"testing"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
