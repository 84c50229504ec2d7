package ws_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/httpapi/ws"
	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

// upper is a session that answers each message in capital letters.
type upper struct{ conn ws.Conn }

func (u *upper) answer(message []byte) {
	u.conn.Queue().Push(wsframe.Text([]byte(strings.ToUpper(string(message)))))
}

func (u *upper) First(_ bool, message []byte)   { u.answer(message) }
func (u *upper) Message(_ bool, message []byte) { u.answer(message) }
func (*upper) Ping(int) bool                    { return true }
func (*upper) LimitHit(ws.Limit)                {}
func (*upper) Leave()                           {}
func (*upper) Closed(protocol.CloseCode)        {}

func Example() {
	transport := ws.New(ws.Config{FirstMessageTimeout: time.Minute, PingInterval: time.Minute, QueueBytes: 1 << 20, MaxMessageBytes: 1 << 16})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { transport.Run(ctx) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u := new(upper)
		u.conn.Init(transport, u)
		if transport.Upgrade(w, r, &u.conn) {
			u.conn.Start()
		}
	}))
	defer running.Wait()
	defer cancel()
	defer server.Close()

	client, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	defer answer.Body.Close()
	_ = client.WriteMessage(websocket.TextMessage, []byte("hello"))
	_, message, err := client.ReadMessage()
	fmt.Println(string(message), err)
	// Output: HELLO <nil>
}
