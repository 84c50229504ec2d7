//go:build !unix

package pgserver

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// processAttr returns nil: a child needs no attributes here.
func processAttr(*account) *syscall.SysProcAttr { return nil }

// interrupt asks postgres for a fast shutdown.
func (p *process) interrupt(bin Binaries) error { return p.signal(bin, "INT") }

// quit asks postgres for an immediate shutdown.
func (p *process) quit(bin Binaries) error { return p.signal(bin, "QUIT") }

// signal runs "pg_ctl kill", which replaces signals on systems without them.
func (p *process) signal(bin Binaries, name string) error {
	pgctl := filepath.Join(bin.Dir, program("pg_ctl"))
	return exec.CommandContext(context.Background(), pgctl, "kill", name, strconv.Itoa(p.cmd.Process.Pid)).Run()
}

// kill ends the process.
func (p *process) kill() { _ = p.cmd.Process.Kill() }

// alive reports whether a process with that id exists.
func alive(pid int) bool {
	proc, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	_ = proc.Release()
	return true
}
