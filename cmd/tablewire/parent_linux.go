package main

import (
	"context"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// withParent returns a context that ends when this program's parent does, if the parent is
// "go run". A signal to "go run" ends it without reaching the program. The caller must call
// release, which stops the goroutine that waits for the parent.
func withParent(ctx context.Context) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancel(ctx)
	parent := os.Getppid()
	if !startedByGoRun(parent) {
		return ctx, cancel
	}
	fd, err := unix.PidfdOpen(parent, unix.PIDFD_NONBLOCK)
	if err != nil {
		return ctx, cancel // before Linux 5.10
	}
	file := os.NewFile(uintptr(fd), "parent")
	conn, err := file.SyscallConn()
	if err != nil || os.Getppid() != parent {
		_ = file.Close()
		cancel() // the parent ended in between
		return ctx, cancel
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := conn.Read(func(fd uintptr) bool { // a pidfd is readable when its process has ended (pidfd_open(2))
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

// startedByGoRun reports whether "go run" has built this program, and pid is the process "go".
func startedByGoRun(pid int) bool {
	self, err := os.Executable()
	if err != nil || !strings.Contains(self, "/go-build") {
		return false
	}
	name, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	return err == nil && strings.TrimSpace(string(name)) == "go"
}
