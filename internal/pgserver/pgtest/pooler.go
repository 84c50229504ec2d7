package pgtest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
)

// Pooler is a connection pooler between clients and a server. It edits startup messages as
// PgBouncer does, and gives each client a session of its own (pool_mode = session).
type Pooler struct {
	// Passes lists the startup parameters that reach the server, in addition to user,
	// database and client_encoding. The pooler drops all others, as PgBouncer drops those
	// in ignore_startup_parameters.
	Passes []string

	// Refuses makes the pooler refuse a client that sends a parameter outside of Passes, as
	// PgBouncer refuses those outside of ignore_startup_parameters.
	Refuses bool

	// DropsEncoding makes the pooler drop client_encoding too.
	DropsEncoding bool
}

// Start runs the pooler until the test ends. It returns the URL of the database through the
// pooler.
func (p Pooler) Start(t testing.TB, databaseURL string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var serving sync.WaitGroup
	to := u.Host
	serving.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer client.Close()
				if err := p.serve(ctx, client, to); err != nil && !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.EOF) {
					t.Logf("the pooler ended a connection: %v", err)
				}
			})
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = l.Close()
		serving.Wait()
	})
	u.Host = l.Addr().String()
	return u.String()
}

// serve connects a client to the server and passes bytes between them until one of them closes.
func (p Pooler) serve(ctx context.Context, client net.Conn, to string) error {
	server, err := new(net.Dialer).DialContext(ctx, "tcp", to)
	if err != nil {
		return err
	}
	defer server.Close()
	stop := context.AfterFunc(ctx, func() { _ = client.Close(); _ = server.Close() })
	defer stop()
	backend, frontend := pgproto3.NewBackend(client, client), pgproto3.NewFrontend(server, server)
	message, err := backend.ReceiveStartupMessage()
	if err != nil {
		return err
	}
	startup, ok := message.(*pgproto3.StartupMessage)
	if !ok { // a request to cancel a statement
		return nil
	}
	for name := range startup.Parameters {
		passes := append([]string{"user", "database", "client_encoding"}, p.Passes...)
		if slices.Contains(passes, name) && (!p.DropsEncoding || name != "client_encoding") {
			continue
		}
		if p.Refuses {
			backend.Send(&pgproto3.ErrorResponse{Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: "08P01", Message: "unsupported startup parameter: " + name})
			return backend.Flush()
		}
		delete(startup.Parameters, name)
	}
	frontend.Send(startup)
	if err := frontend.Flush(); err != nil {
		return err
	}
	return p.pass(client, server, backend, frontend)
}

// pass passes messages and then bytes in both directions, until one side closes. It changes the
// process id that the server sends, as a pooler sends its own.
func (p Pooler) pass(client, server net.Conn, backend *pgproto3.Backend, frontend *pgproto3.Frontend) error {
	for ready := false; !ready; {
		message, err := frontend.Receive()
		if err != nil {
			return err
		}
		switch m := message.(type) {
		case *pgproto3.BackendKeyData:
			m.ProcessID++
		case *pgproto3.ReadyForQuery, *pgproto3.ErrorResponse:
			ready = true
		}
		backend.Send(message)
		if err := backend.Flush(); err != nil {
			return err
		}
	}
	var copying sync.WaitGroup
	copying.Go(func() { _, _ = io.Copy(server, client); _ = server.Close() })
	copying.Go(func() { _, _ = io.Copy(client, server); _ = client.Close() })
	copying.Wait()
	return nil
}
