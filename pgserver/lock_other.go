//go:build !unix

package pgserver

import "os"

// tryLock takes no lock where there is none that ends with its process.
func tryLock(*os.File) (bool, error) { return false, nil }
