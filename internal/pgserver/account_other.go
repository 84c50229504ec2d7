//go:build !unix

package pgserver

import "io/fs"

func serverAccount(string) (*account, error) { return nil, nil }

func (*account) mayEnter(string) (fs.FileMode, bool) { return 0, true }

func (*account) own(string) error { return nil }
