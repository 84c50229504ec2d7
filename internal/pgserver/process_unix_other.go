//go:build unix && !linux

package pgserver

import "syscall"

// processAttr returns how a child is started: in a process group of its own, so that the
// terminal's Ctrl-C reaches this process alone.
func processAttr(acct *account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: acct.credential()}
}
