//go:build unix

package pgserver

import (
	"errors"
	"syscall"
)

// interrupt asks postgres for a fast shutdown (PostgreSQL manual, "Shutting Down the Server").
func (p *process) interrupt(Binaries) error { return p.cmd.Process.Signal(syscall.SIGINT) }

// quit asks postgres for an immediate shutdown (the same chapter).
func (p *process) quit(Binaries) error { return p.cmd.Process.Signal(syscall.SIGQUIT) }

// kill ends the process and its process group.
func (p *process) kill() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }

// alive reports whether a process with that id exists.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
