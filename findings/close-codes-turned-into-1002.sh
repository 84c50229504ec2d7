#!/bin/bash
# Registered close codes of WebSocket (1012 service restart, 1013 try again later, 1014 bad gateway) are errors to
# clients.
#
# Versions: npm package faye-websocket 0.11.4 with websocket-driver 0.7.4; Go modules github.com/gobwas/ws v1.4.0 and
#   github.com/gorilla/websocket v1.5.3. The server is the npm package ws 8.18.3.
# Guess: a client reports the code and the reason that the server sent. IANA's registry has had 1012 to 1014 for many
#   years, and ws, undici, coder/websocket and browsers report them.
# Behaviour: faye-websocket answers 1012, 1013 and 1014 with 1002 (protocol error) and tells its user 1002: the
#   server's code is gone, and the server is told that it broke the protocol. wsutil of gobwas/ws returns the error
#   "status code is not defined in spec" in place of a ClosedError, so that code and reason are gone.
#   gorilla/websocket knows 1012 and 1013, and refuses 1014 alone.
# Why it matters: servers of change streams send 1012 to say "come back and load anew". Clients who decide by the code
#   treat it as a fault that does not go away. Node libraries that bring faye-websocket along are many.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
npm_install ws@8.18.3 faye-websocket@0.11.4 websocket-driver@0.7.4
mkdir "$work/go"
cat >"$work/go/main.go" <<'GO'
// Command main connects to the addresses of its arguments, and prints how each connection was closed.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/gorilla/websocket"
)

type both struct {
	io.Reader
	io.Writer
}

func gobwas(ctx context.Context, url string) string {
	conn, buffered, _, err := ws.Dial(ctx, url)
	if err != nil {
		return "dial: " + err.Error()
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	// The frame may have come together with the handshake's answer.
	if buffered == nil {
		buffered = bufio.NewReader(conn)
	}
	_, _, err = wsutil.ReadServerData(both{buffered, conn})
	var closed wsutil.ClosedError
	if errors.As(err, &closed) {
		return fmt.Sprint(int(closed.Code), " ", closed.Reason)
	}
	return err.Error()
}

func gorilla(ctx context.Context, url string) string {
	conn, _, err := websocket.DefaultDialer.DialContext(ctx, url, nil)
	if err != nil {
		return "dial: " + err.Error()
	}
	defer conn.Close()
	_, _, err = conn.ReadMessage()
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		return fmt.Sprint(closed.Code, " ", closed.Text)
	}
	return err.Error()
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for _, url := range os.Args[1:] {
		fmt.Println(gobwas(ctx, url))
		fmt.Println(gorilla(ctx, url))
	}
}
GO
(
  cd "$work/go"
  go mod init finding
  go get github.com/gobwas/ws@v1.4.0 github.com/gorilla/websocket@v1.5.3
  go build -o client .
) >/dev/null 2>&1 || { echo "the Go client does not build" >&2; exit 1; }
run_node "$work/go/client" <<'JS'
const { WebSocketServer } = require('ws');
const faye = require('faye-websocket');
const { execFile } = require('child_process');
(async () => {
  let closed;
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.on('listening', resolve));
  server.on('connection', (socket, request) => {
    socket.on('error', () => {});
    socket.on('close', (code) => closed?.(code));
    socket.close(Number(request.url.slice(1)), 'why');
  });
  const url = (code) => `ws://127.0.0.1:${server.address().port}/${code}`;
  const byFaye = async (code) => {
    const atServer = new Promise((resolve) => { closed = resolve; });
    const atClient = new Promise((resolve) => new faye.Client(url(code)).on('close', (e) => resolve(e.code)));
    return `${await atClient}, server is answered ${await atServer}`;
  };
  const byGo = (code) => new Promise((resolve, reject) =>
    execFile(process.argv[2], [url(code)], (e, out) => (e ? reject(e) : resolve(out.trim().split('\n')))));

  lib.see('faye-websocket, 1011', await byFaye(1011), '1011, server is answered 1011');
  lib.see('faye-websocket, 4404', await byFaye(4404), '4404, server is answered 4404');
  for (const code of [1012, 1013, 1014]) lib.see(`faye-websocket, ${code}`, await byFaye(code), '1002, server is answered 1002');
  closed = undefined;
  const unknown = 'status code is not defined in spec';
  for (const [code, recorded] of [
    [1011, ['1011 why', '1011 why']],
    [1012, [unknown, '1012 why']],
    [1013, [unknown, '1013 why']],
    [1014, [unknown, 'websocket: bad close code 1014']],
    [4404, ['4404 why', '4404 why']],
  ]) lib.see(`gobwas/ws and gorilla/websocket, ${code}`, await byGo(code), recorded);
  lib.end();
})();
JS
