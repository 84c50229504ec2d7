//go:build !unix

package ws

import (
	"errors"
	"net"
	"syscall"
)

// rawOf returns nil: here every connection is written by a goroutine of its own.
func rawOf(net.Conn) syscall.RawConn { return nil }

type oneWrite struct{}

func newOneWrite() *oneWrite { return &oneWrite{} }

func (*oneWrite) write(syscall.RawConn, []byte) (int, error) {
	return 0, errors.ErrUnsupported
}

type shallowRead struct{ waited bool }

func (*shallowRead) init() {}

func (*shallowRead) read(syscall.RawConn, []byte) (int, error) {
	return 0, errors.ErrUnsupported
}

func (*shallowRead) readNow(syscall.RawConn, []byte) (int, error) {
	return 0, errors.ErrUnsupported
}
