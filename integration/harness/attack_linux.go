package harness

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// A socket that is bound to an address without a port gets one at once, and Linux then
// searches the ports with a lock held, for a port that no connection of the last minute
// used. With thousands of connections a benchmark would measure that search. With this
// option Linux chooses the port when it knows the other end (ip(7)).
func init() {
	choosePortLate = func(_, _ string, c syscall.RawConn) (err error) {
		refused := c.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		})
		return errors.Join(refused, err)
	}
}
