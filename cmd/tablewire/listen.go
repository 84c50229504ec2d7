package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/tablewire/tablewire/protocol"
)

// listen opens a listener, so that a taken port is told before anything else is
// done. flag is the flag that gave the address.
func listen(ctx context.Context, addr, flag string) (net.Listener, error) {
	var cfg net.ListenConfig
	l, err := cfg.Listen(ctx, "tcp", addr)
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
	p.What, p.Err = fmt.Sprintf("can't listen on %s", addr), err
	if op, ok := errors.AsType[*net.OpError](err); ok {
		p.Err = op.Err
	}
	return nil, p
}

// isPortTaken reports whether listen failed because somebody else listens.
func isPortTaken(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }
