//go:build unix

package ws

import (
	"io"
	"net"
	"syscall"
)

// rawOf returns raw access to a connection, to write to it without blocking; nil if there
// is none, as with TLS.
func rawOf(conn net.Conn) syscall.RawConn {
	var raw syscall.RawConn
	var err error
	switch c := conn.(type) { // by type: what only embeds one may change what is written
	case *net.TCPConn:
		raw, err = c.SyscallConn()
	case *net.UnixConn:
		raw, err = c.SyscallConn()
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	return raw
}

// oneWrite makes one write system call that doesn't block. A writer uses the same one
// again and again, which makes no garbage.
type oneWrite struct {
	bytes []byte
	n     int
	err   error
	do    func(fd uintptr) bool
}

func newOneWrite() *oneWrite {
	w := &oneWrite{}
	w.do = func(fd uintptr) bool {
		for {
			w.n, w.err = syscall.Write(int(fd), w.bytes)
			if w.err != syscall.EINTR { //nolint:errorlint // a bare errno
				return true // done, even where nothing was written: don't wait
			}
		}
	}
	return w
}

// write returns how many bytes the connection took, which may be 0.
func (w *oneWrite) write(raw syscall.RawConn, b []byte) (int, error) {
	w.bytes, w.n, w.err = b, 0, nil
	err := raw.Write(w.do)
	w.bytes = nil
	switch {
	case err != nil:
		return 0, err
	case w.err == syscall.EAGAIN: //nolint:errorlint // as above
		return 0, nil
	}
	return max(w.n, 0), w.err
}

// shallowRead reads like a net.Conn, through fewer functions and without an allocation. So
// the stack of a goroutine that waits in it stays the smallest that a goroutine can have,
// and stacks are most of what an idle connection costs.
type shallowRead struct {
	into   []byte
	n      int
	err    error
	do     func(fd uintptr) bool
	wait   bool // wait for something to read
	waited bool // the last read had to wait
}

func (r *shallowRead) init() { r.do = r.try }

// try returns false if it is to be called again once there is something to read.
func (r *shallowRead) try(fd uintptr) bool {
	r.n, r.err = syscall.Read(int(fd), r.into)
	for r.err == syscall.EINTR { //nolint:errorlint // a bare errno
		r.n, r.err = syscall.Read(int(fd), r.into)
	}
	if r.err != syscall.EAGAIN { //nolint:errorlint // as above
		return true
	}
	r.waited = true
	return !r.wait
}

// read waits until it has read something.
func (r *shallowRead) read(raw syscall.RawConn, p []byte) (int, error) {
	r.wait = true
	return r.once(raw, p)
}

// readNow returns 0, and no error, where it would have to wait.
func (r *shallowRead) readNow(raw syscall.RawConn, p []byte) (int, error) {
	r.wait = false
	n, err := r.once(raw, p)
	if err == syscall.EAGAIN { //nolint:errorlint // as above
		return 0, nil
	}
	return n, err
}

func (r *shallowRead) once(raw syscall.RawConn, p []byte) (int, error) {
	r.into, r.waited = p, false
	err := raw.Read(r.do)
	r.into = nil
	switch {
	case err != nil:
		return 0, err
	case r.err != nil:
		return 0, r.err
	case r.n == 0:
		return 0, io.EOF
	}
	return r.n, nil
}
