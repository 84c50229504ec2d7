package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// passwordParts are the parts of the tests' passwords. No message, name or number has them.
var passwordParts = []string{"Qzj", "7xw9", "Kvv"}

// passwords returns passwords with each character that has a meaning in a URL or in a key=value
// string, before, between and after the parts.
func passwords() []string {
	var all []string
	for _, c := range []string{"@", ":", "/", "?", "#", "%", " ", "'", `"`, `\`, "&", "=", ";", "+", "$", "[", "]", "%4", "%zz", "\t", "ü", "://", "@@", "?a=", "/?", " a=", "' a='"} {
		all = append(all,
			passwordParts[0]+c+passwordParts[1],
			c+passwordParts[0]+passwordParts[1],
			passwordParts[0]+passwordParts[1]+c,
			passwordParts[1]+c+passwordParts[0]+c+passwordParts[2],
			passwordParts[0]+"@"+passwordParts[1]+c+passwordParts[2],
			passwordParts[0]+c+passwordParts[1]+"@"+passwordParts[2],
			"12"+c+passwordParts[0], // "12" may be read as a port
			"12"+c+passwordParts[0]+"#"+passwordParts[1])
	}
	return all
}

// No message has a part of the password, wherever and however the password is given. Each message
// about a URL says how to write a password in it.
func TestNoMessageHasThePassword(t *testing.T) {
	addr := refusingServer(t)
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	for _, password := range passwords() {
		quoted := "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(password) + "'"
		escaped := strings.ReplaceAll(url.QueryEscape(password), "+", "%20")
		for form, dsn := range map[string]string{
			"URL":                    "postgres://app:" + password + "@" + addr + "/shop?sslmode=disable",
			"URL, long scheme":       "postgresql://app:" + password + "@" + addr + "/shop?sslmode=disable",
			"URL without a database": "postgres://app:" + password + "@" + addr,
			"another scheme":         "postgresql+asyncpg://app:" + password + "@" + addr + "/shop?sslmode=disable",
			"blank before":           " postgres://app:" + password + "@" + addr + "/shop?sslmode=disable",
			"URL, escaped":           "postgres://app:" + escaped + "@" + addr + "/shop?sslmode=disable",
			"parameter":              "postgres://app@" + addr + "/shop?sslmode=disable&password=" + password,
			"parameter, escaped":     "postgres://app@" + addr + "/shop?sslmode=disable&password=" + escaped,
			"parameter, first":       "postgres://app@" + addr + "/shop?password=" + password + "&sslmode=disable",
			"key=value":              "host=" + host + " port=" + port + " user=app dbname=shop sslmode=disable password=" + password,
			"key=value, in between":  "host=" + host + " port=" + port + " sslmode=disable password=" + password + " user=app dbname=shop",
			"key=value, bad quotes":  "host=" + host + " port=" + port + " password='" + password + "' user=app dbname=shop sslmode=disable",
			"key=value, quoted":      "host=" + host + " port=" + port + " password=" + quoted + " user=app dbname=shop sslmode=disable",
		} {
			wantSilence(t, form, password, "serve", "--database-url", dsn)
		}
		t.Setenv("PGPASSWORD", password)
		wantSilence(t, "PGPASSWORD", password, "serve", "--database-url", "postgres://app@"+addr+"/shop?sslmode=disable")
		t.Setenv("PGPASSWORD", "")
		file := filepath.Join(t.TempDir(), "pass")
		if err := os.WriteFile(file, []byte("*:*:*:app:"+password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		wantSilence(t, "a file of passwords", password, "serve", "--database-url", "postgres://app@"+addr+"/shop?sslmode=disable&passfile="+file)
		// Without quotes a shell splits the URL at blanks.
		dsn := "postgres://app:" + password + "@" + addr + "/shop"
		wantSilence(t, "cut by a shell", password, append([]string{"serve", "--database-url"}, strings.Fields(dsn)...)...)
		wantSilence(t, "in the place of a flag, with another scheme", password, "serve", "pg://app:"+password+"@"+addr+"/shop")
	}
}

// This password comes from a user's report.
func TestPasswordWithAHash(t *testing.T) {
	t.Parallel()
	out := wantSilence(t, "as found", "p@ss#w", "serve", "--database-url", "postgres://app:p@ss#w@localhost/shop")
	if !strings.Contains(out, "%40") || !strings.Contains(out, "%23") {
		t.Errorf("the message does not say how to write the password: %s", out)
	}
}

// wantSilence runs the program, which must fail within 20 s and print no part of the password.
func wantSilence(t *testing.T, form, password string, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	code := run(ctx, append(args, "--api-key=k", "--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0"), &out, &out)
	if code == 0 {
		t.Errorf("%s, %q: ended with 0:\n%s", form, password, &out)
	}
	if ctx.Err() != nil {
		t.Errorf("%s, %q: took long", form, password)
	}
	for _, part := range append(passwordParts, "p@ss", `"ss`, "#w", "ss#", "34Qz") {
		if strings.Contains(out.String(), part) {
			t.Errorf("%s, %q: the output has a part of the password:\n%s", form, password, &out)
		}
	}
	if !strings.Contains(out.String(), "%40") && !strings.Contains(out.String(), "in single quotes") {
		t.Errorf("%s, %q: the output does not say how to write a password:\n%s", form, password, &out)
	}
	return out.String()
}

// refusingServer returns the address of a server that answers like PostgreSQL to a client that
// sends an unknown parameter or a wrong password.
func refusingServer(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			refuse(conn)
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-ended
	})
	return l.Addr().String()
}

// refuse answers one connection.
func refuse(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	backend := pgproto3.NewBackend(conn, conn)
	message, err := backend.ReceiveStartupMessage()
	startup, ok := message.(*pgproto3.StartupMessage)
	if err != nil || !ok {
		return
	}
	for name := range startup.Parameters {
		switch name {
		case "user", "database", "application_name", "client_encoding", "replication", "jit", "lock_timeout":
			continue
		}
		backend.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "42704", Message: `unrecognized configuration parameter "` + name + `"`})
		_ = backend.Flush()
		return
	}
	backend.Send(&pgproto3.AuthenticationCleartextPassword{})
	_ = backend.Flush()
	_, _ = io.ReadAll(io.LimitReader(conn, 5)) // the header of the message with the password
	backend.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "28P01", Message: `password authentication failed for user "` + startup.Parameters["user"] + `"`})
	_ = backend.Flush()
}
