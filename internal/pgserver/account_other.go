//go:build !unix

package pgserver

import "io/fs"

// serverAccount returns nil: PostgreSQL runs as the user of this process.
func serverAccount(string) (*account, error) { return nil, nil }

// mayEnter reports that every folder is open.
func (*account) mayEnter(string) (fs.FileMode, bool) { return 0, true }

// chown leaves the folder as it is.
func (*account) chown(string) error { return nil }
