package pgserver

import "syscall"

// processAttr: its own process group, so that the terminal's Ctrl-C reaches only
// us, and an immediate shutdown (SIGQUIT) if we are killed, which needs no
// client's consent and loses nothing.
func processAttr(acct *account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGQUIT, Credential: acct.credential()}
}
