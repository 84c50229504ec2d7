package main

import (
	"context"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// withParent ends the context with the process that started this one, where that is
// "go run", which passes no signal on but the terminal's: whoever ends it means the
// program. release gives back what that takes.
func withParent(ctx context.Context) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancel(ctx)
	parent := os.Getppid()
	if !startedByGoRun(parent) {
		return ctx, cancel
	}
	fd, err := unix.PidfdOpen(parent, unix.PIDFD_NONBLOCK)
	if err != nil {
		return ctx, cancel // an old kernel
	}
	file := os.NewFile(uintptr(fd), "parent")
	conn, err := file.SyscallConn()
	if err != nil || os.Getppid() != parent {
		_ = file.Close()
		cancel() // it has ended in between
		return ctx, cancel
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := conn.Read(func(fd uintptr) bool { // a process that has ended reads as ready (pidfd_open(2))
			n, _ := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
			return n > 0
		})
		if err == nil {
			cancel()
		}
	}()
	return ctx, func() {
		_ = file.Close()
		<-done
		cancel()
	}
}

// startedByGoRun reports whether this is a binary that go run has built, and pid go.
func startedByGoRun(pid int) bool {
	self, err := os.Executable()
	if err != nil || !strings.Contains(self, "/go-build") {
		return false
	}
	name, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	return err == nil && strings.TrimSpace(string(name)) == "go"
}
