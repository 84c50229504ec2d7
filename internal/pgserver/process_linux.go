package pgserver

import "syscall"

// processAttr returns how a child is started: in a process group of its own, so that the
// terminal's Ctrl-C reaches this process alone. When this process dies, Linux sends the child
// SIGQUIT, for an immediate shutdown: it doesn't wait for clients and keeps all that is
// committed.
func processAttr(acct *account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGQUIT, Credential: acct.credential()}
}
