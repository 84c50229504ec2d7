package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"github.com/tablewire/tablewire/protocol"
)

// errNoAddress is the error of an empty address.
var errNoAddress = errors.New("there is no address")

// listen opens a listener on addr. Errors name the flag that addr comes from. The subcommands
// listen before they do anything else, so that a port that is taken is reported at once.
func listen(ctx context.Context, addr, flag string) (net.Listener, error) {
	var l net.Listener
	err := errNoAddress
	if addr != "" { // net would choose a free port on all addresses of the machine
		var cfg net.ListenConfig
		l, err = cfg.Listen(ctx, "tcp", addr)
	}
	if err == nil {
		return l, nil
	}
	var p *protocol.Problem
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		p = &protocol.Problem{ID: "port-in-use", Hint: fmt.Sprintf("another program uses the port: stop it, or choose another port with --%s", flag)}
	case errors.Is(err, syscall.EACCES):
		p = &protocol.Problem{ID: "port-privileged", Hint: fmt.Sprintf("the port needs a privilege: choose one above 1023 with --%s", flag)}
	default:
		p = &protocol.Problem{ID: "listen-address", Hint: fmt.Sprintf("give --%s an address of this machine, such as 127.0.0.1:8080", flag)}
	}
	if missesPort(addr) {
		p.Hint = fmt.Sprintf("give --%s a host and a port: 127.0.0.1:8080, or :8080 for all addresses of this machine", flag)
	}
	p.What, p.Err = fmt.Sprintf("can't listen on %s", cmp.Or(addr, `""`)), err
	if op, ok := errors.AsType[*net.OpError](err); ok {
		p.Err = op.Err
	}
	return nil, p
}

// missesPort reports whether addr is a host or a port alone.
func missesPort(addr string) bool {
	_, _, err := net.SplitHostPort(addr)
	return err != nil
}

// adminOff is the value of --admin-listen that opens no admin listener.
const adminOff = "off"

// listenAdmin opens the listener of --admin-listen. It returns nil if addr is adminOff.
func listenAdmin(ctx context.Context, addr string) (net.Listener, error) {
	if addr == adminOff {
		return nil, nil
	}
	return listen(ctx, addr, "admin-listen")
}

// isPortTaken reports whether listen failed because another program listens on the port.
func isPortTaken(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }

// freePortAddress makes the system choose a free port.
const freePortAddress = "127.0.0.1:0"

// listenOrMove listens on addr, the value of a flag. If addr is empty it listens on
// defaultAddr, or on a free port if that one's port is taken; it then prints the new address.
func listenOrMove(ctx context.Context, stdout io.Writer, addr, defaultAddr, flag string) (net.Listener, error) {
	if addr != "" {
		return listen(ctx, addr, flag)
	}
	l, err := listen(ctx, defaultAddr, flag)
	if !isPortTaken(err) {
		return l, err
	}
	if l, err = listen(ctx, freePortAddress, flag); err == nil {
		fmt.Fprintf(stdout, "%s is taken, so the demo is at %s\n", defaultAddr, l.Addr())
	}
	return l, err
}
