//go:build !unix

package pgserver

import (
	"context"
	"os"
)

// tryLock takes no lock where there is none that ends with its process.
func tryLock(*os.File) (bool, error) { return false, nil }

// lockFolder takes no lock either.
func lockFolder(context.Context, string) (unlock func(), err error) { return func() {}, nil }
