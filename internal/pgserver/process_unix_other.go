//go:build unix && !linux

package pgserver

import "syscall"

// processAttr: its own process group, so that the terminal's Ctrl-C reaches only us.
func processAttr(acct *account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: acct.credential()}
}
