package integration

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// From an address that is given, Linux looks for a port that nobody has at all, through
// all connections of the last minute, with a lock held and a processor busy: thousands
// of connections would measure that. So it is to look only when it knows where to.
func init() {
	anyPort = func(_, _ string, c syscall.RawConn) (err error) {
		refused := c.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1) // ip(7)
		})
		return errors.Join(refused, err)
	}
}
