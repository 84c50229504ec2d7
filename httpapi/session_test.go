package httpapi

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi/ws"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// TestFirstMessage goes through the contract's table of mistakes.
func TestFirstMessage(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.MaxMessageBytes = 200 })
	const hello = `{"api_key":"` + testKey + `"}`
	tests := []struct {
		name, path, message string
		answer              string // its beginning, where it ends with …
		code                protocol.CloseCode
	}{
		{"NotJSON", "users", `hello`, `{"error":"Invalid JSON","error_detail":"at byte 1: …`, 4400},
		{"Empty", "users", ``, `{"error":"Invalid JSON","error_detail":"the message is empty: want a JSON object"}`, 4400},
		{"Array", "users", `[]`, `{"error":"Invalid JSON","error_detail":"want a JSON object"}`, 4400},
		{"TooLong", "users", `{"api_key":"` + strings.Repeat("x", 200) + `"}`, `{"error":"Invalid JSON","error_detail":"the message is longer than 200 bytes"}`, 4400},
		{"MuchTooLong", "users", strings.Repeat("x", 1<<20), `{"error":"Invalid JSON","error_detail":"the message is longer than 200 bytes"}`, 4400},
		{"NoKey", "users", `{}`, `{"error":"API key is required"}`, 4401},
		{"EmptyKey", "users", `{"api_key":""}`, `{"error":"API key is required"}`, 4401},
		{"NullKey", "users", `{"api_key":null}`, `{"error":"API key is required"}`, 4401},
		{"KeyNoString", "users", `{"api_key":1}`, `{"error":"Invalid JSON","error_detail":"api_key: want a string"}`, 4400},
		{"UnknownKey", "users", `{"api_key":"other"}`, `{"error":"Invalid API key","error_detail":"Project not found"}`, 4401},
		{"UnknownCollection", "orders", hello, `{"error":"Collection not found or access denied"}`, 4404},
		{"NoCollection", "", hello, `{"error":"Collection not found or access denied"}`, 4404},
		{"CollectionWithNUL", "a%00b", hello, `{"error":"Collection not found or access denied"}`, 4404},
		{"UnsentColumn", "users", `{"api_key":"` + testKey + `","filters":{"total_gte":1}}`, `{"error":"Invalid filter","error_detail":"total_gte: PostgreSQL does not send the column \"total\": it is generated"}`, 4400},
		{"UnsentColumnChosen", "users", `{"api_key":"` + testKey + `","columns":["total"]}`, `{"error":"Invalid columns","error_detail":"total: PostgreSQL does not send the column \"total\": it is generated"}`, 4400},
		{"UnknownColumn", "users", `{"api_key":"` + testKey + `","filters":{"age":"1"}}`, `{"error":"Invalid filter","error_detail":"…`, 4400},
		{"TransitionsNoBoolean", "users", `{"api_key":"` + testKey + `","transitions":"yes"}`, `{"error":"Invalid JSON","error_detail":"transitions: want true or false"}`, 4400},
		{"UnknownEvent", "users", `{"api_key":"` + testKey + `","events":["insert"]}`, `{"error":"Invalid events","error_detail":"\"insert\" is not an event: want create, update, delete or truncate"}`, 4400},
		{"ColumnsNoList", "users", `{"api_key":"` + testKey + `","columns":"id"}`, `{"error":"Invalid JSON","error_detail":"columns: want a list of strings"}`, 4400},
		{"NoSuchColumn", "users", `{"api_key":"` + testKey + `","columns":["id","age"]}`, `{"error":"Invalid columns","error_detail":"age: no such column in \"users\""}`, 4400},
		{"KeyBeforeExtensions", "users", `{"api_key":"other","events":[]}`, `{"error":"Invalid API key","error_detail":"Project not found"}`, 4401},
		{"KeyBeforeCollection", "orders", `{"api_key":"other"}`, `{"error":"Invalid API key","error_detail":"Project not found"}`, 4401},
		{"MisspeltMember", "users", `{"api_key":"` + testKey + `","filter":{"status":"paid"}}`, `{"error":"Invalid message","error_detail":"unknown member \"filter\": did you mean \"filters\"?"}`, 4400},
		{"MisspeltBeforeAll", "orders", `{"api_key":1,"apiKey":"other"}`, `{"error":"Invalid message","error_detail":"unknown member \"apiKey\": did you mean \"api_key\"?"}`, 4400},
		{"MembersOfNewerClients", "users", `{"api_key":"` + testKey + `","filters_version":2,"sdk":{"filter":1}}`, connectedJSON, 0},
		{"CollectionBeforeFilter", "orders", `{"api_key":"` + testKey + `","filters":{"age":"1"}}`, `{"error":"Collection not found or access denied"}`, 4404},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := w.dial(t, "/realtime/collections/"+tt.path)
			c.send(tt.message)
			if beginning, cut := strings.CutSuffix(tt.answer, "…"); cut {
				_ = c.SetReadDeadline(time.Now().Add(patient))
				_, got, err := c.ReadMessage()
				if err != nil || !strings.HasPrefix(string(got), beginning) {
					t.Fatalf("got %s, %v, want %s", got, err, tt.answer)
				}
			} else {
				c.want(tt.answer)
			}
			if tt.code != 0 {
				c.wantClose(tt.code)
			}
		})
	}
	for _, path := range []string{"/realtime/broadcast", "/realtime/rooms/r"} {
		t.Run("Misspelt"+path, func(t *testing.T) {
			t.Parallel()
			c := w.dial(t, path)
			c.send(`{"api_key":"` + testKey + `","userId":"7"}`)
			c.want(`{"error":"Invalid message","error_detail":"unknown member \"userId\": did you mean \"user_id\"?"}`)
			c.wantClose(4400)
		})
	}
	t.Run("Binary", func(t *testing.T) {
		t.Parallel()
		c := w.dial(t, "/realtime/collections/users")
		if err := c.WriteMessage(websocket.BinaryMessage, []byte(hello)); err != nil {
			t.Fatal(err)
		}
		c.want(`{"error":"Invalid JSON","error_detail":"want a text message, not a binary one"}`)
		c.wantClose(4400)
	})
	t.Run("NotUTF8", func(t *testing.T) {
		t.Parallel()
		c := w.dial(t, "/realtime/collections/users")
		c.send("{\"api_key\":\"\xff\"}")
		c.wantClose(1007)
	})
	t.Run("Fragmented", func(t *testing.T) {
		t.Parallel()
		c := w.dial(t, "/realtime/collections/users")
		raw := c.NetConn()
		_, _ = raw.Write(masked(0x01, hello[:5]))
		_, _ = raw.Write(masked(0x89, "between"))
		_, _ = raw.Write(masked(0x80, hello[5:]))
		c.want(connectedJSON)
	})
}

func TestAuthTimeout(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.AuthTimeout = 50 * time.Millisecond })
	t.Run("Silent", func(t *testing.T) {
		t.Parallel()
		c := w.dial(t, "/realtime/collections/users")
		c.want(`{"error":"Authentication timeout"}`)
		c.wantClose(4408)
	})
	t.Run("HalfAMessage", func(t *testing.T) {
		t.Parallel()
		c := w.dial(t, "/realtime/collections/users")
		_, _ = c.NetConn().Write(masked(0x81, `{"api_key":"`)[:9])
		c.want(`{"error":"Authentication timeout"}`)
	})
	t.Run("LateMessageIsIgnored", func(t *testing.T) {
		t.Parallel()
		c := w.dial(t, "/realtime/collections/users")
		c.want(`{"error":"Authentication timeout"}`)
		c.send(`{"api_key":"` + testKey + `"}`)
		c.wantClose(4408)
	})
	t.Run("NotLater", func(t *testing.T) {
		t.Parallel()
		c := w.watch(t)
		other := w.dial(t, "/realtime/collections/users")
		other.want(`{"error":"Authentication timeout"}`) // then as much time has passed
		other.wantClose(4408)
		c.send(`{"type":"ping"}`)
		c.want(`{"type":"pong"}`)
	})
}

func TestConnected(t *testing.T) {
	t.Parallel()
	w := setup(t)
	t.Run("FiltersAreEchoed", func(t *testing.T) {
		t.Parallel()
		c := w.dial(t, "/realtime/collections/public.users")
		c.send(`{"api_key":"` + testKey + `","filters":{"status": "active"}}`)
		c.want(`{"event":"connected","collection_id":"public.users","filters":{"status": "active"}}`)
	})
	t.Run("NullFilters", func(t *testing.T) {
		t.Parallel()
		c := w.dial(t, "/realtime/collections/users")
		c.send(`{"api_key":"` + testKey + `","filters":null}`)
		c.want(connectedJSON)
	})
}

func TestChangesArriveFiltered(t *testing.T) {
	t.Parallel()
	w := setup(t)
	all := w.watch(t)
	active := w.dial(t, "/realtime/collections/users")
	active.send(`{"api_key":"` + testKey + `","filters":{"status":"active"}}`)
	active.want(`{"event":"connected","collection_id":"users","filters":{"status":"active"}}`)
	w.publish(t, created(1, "idle"), created(2, "active"), wal.Change{Op: wal.Truncate, Relation: users})
	all.want(createdJSON(1, "idle"), createdJSON(2, "active"), `{"event":"truncate","collection_id":"users"}`)
	active.want(createdJSON(2, "active"), `{"event":"truncate","collection_id":"users"}`)
}

// TestExtensions: the options of a first message reach the hub, and "connected" does not
// change. The other endpoints ignore them.
func TestExtensions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.dial(t, "/realtime/collections/users")
	c.send(`{"api_key":"` + testKey + `","filters":{"status":"active"},"transitions":true,"events":["create","delete"],"columns":[]}`)
	c.want(`{"event":"connected","collection_id":"users","filters":{"status":"active"}}`)
	moved := func(from, to string) wal.Change {
		u := created(1, to)
		u.Op, u.Old, u.OldFull = wal.Update, created(1, from).New, true
		return u
	}
	w.publish(t, moved("idle", "active"), moved("active", "active"), moved("active", "idle"), created(2, "active"))
	c.want(
		`{"event":"create","collection_id":"users","data":{"id":1},"reason":"filter"}`,
		`{"event":"delete","collection_id":"users","data":{"id":1},"old_data":{"id":1},"reason":"filter"}`,
		`{"event":"create","collection_id":"users","data":{"id":2}}`,
	)
	for _, path := range []string{"/realtime/broadcast", "/realtime/rooms/x"} {
		c := w.dial(t, path)
		c.send(`{"api_key":"` + testKey + `","user_id":"u","action":"create","transitions":"?","events":5,"columns":{}}`)
		_ = c.SetReadDeadline(time.Now().Add(patient))
		if _, got, err := c.ReadMessage(); err != nil || !strings.Contains(string(got), `"user_id":"u"`) {
			t.Errorf("%s: got %s, %v", path, got, err)
		}
	}
}

// TestLaterMessages sends messages over an authenticated socket, which stays open.
func TestLaterMessages(t *testing.T) {
	t.Parallel()
	w := setup(t)
	tests := []struct{ name, message, answer string }{
		{"Ping", `{"type":"ping"}`, `{"type":"pong"}`},
		{"PingSpaced", ` { "type" : "ping", "x": 1 } `, `{"type":"pong"}`},
		{"NotJSON", `x`, `{"error":"Invalid message","error_detail":"at byte 1: invalid character 'x' looking for beginning of value"}`},
		{"Empty", ``, `{"error":"Invalid message","error_detail":"the message is empty: want a JSON object"}`},
		{"NoType", `{}`, `{"error":"Invalid message","error_detail":"\"type\" is missing: want {\"type\":\"ping\"}"}`},
		{"UnknownType", `{"type":"message"}`, `{"error":"Invalid message","error_detail":"\"type\" is \"message\": want \"ping\""}`},
		{"LongType", `{"type":"` + strings.Repeat("x", 1000) + `"}`, `{"error":"Invalid message","error_detail":"\"type\" is \"` + strings.Repeat("x", 64) + `\": want \"ping\""}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := w.watch(t)
			c.send(tt.message)
			c.want(tt.answer)
			c.send(`{"type":"ping"}`)
			c.want(`{"type":"pong"}`)
		})
	}
	t.Run("Binary", func(t *testing.T) {
		t.Parallel()
		c := w.watch(t)
		if err := c.WriteMessage(websocket.BinaryMessage, []byte(`{"type":"ping"}`)); err != nil {
			t.Fatal(err)
		}
		c.want(`{"error":"Invalid message","error_detail":"want a text message, not a binary one"}`)
		c.send(`{"type":"ping"}`)
		c.want(`{"type":"pong"}`)
	})
	t.Run("ProtocolPing", func(t *testing.T) {
		t.Parallel()
		c := w.watch(t)
		got := make(chan string, 1)
		c.SetPongHandler(func(payload string) error { got <- payload; return nil })
		if err := c.WriteControl(websocket.PingMessage, []byte("here?"), time.Now().Add(patient)); err != nil {
			t.Fatal(err)
		}
		c.send(`{"type":"ping"}`)
		c.want(`{"type":"pong"}`)
		if payload := <-got; payload != "here?" {
			t.Errorf("pong carries %q", payload)
		}
	})
}

// TestClosing: a client closes, or makes a mistake that closes its connection.
func TestClosing(t *testing.T) {
	t.Parallel()
	timeouts := ws.DefaultTimeouts
	timeouts.CloseAnswer = 100 * time.Millisecond // a client that broke the protocol can't close
	w := setupTimes(t, timeouts, func(c *Config) { c.MaxMessageBytes = 100 })
	tests := []struct {
		name  string
		frame []byte // of the client's
		code  protocol.CloseCode
	}{
		{"Normal", masked(0x88, "\x03\xe8"), 1000},
		{"OwnCode", masked(0x88, "\x0f\xa1"), 4001},
		{"NoCode", masked(0x88, ""), 1005},
		{"NotUTF8", masked(0x81, "\xff"), 1007},
		{"TooLong", masked(0x81, strings.Repeat("x", 101)), 1009},
		{"TooLongInFragments", append(masked(0x01, strings.Repeat("x", 100)), masked(0x80, "x")...), 1009},
		{"LengthBeyondCounting", append([]byte{0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 0, 0, 0, 0), 1009},
		{"NotMasked", []byte{0x81, 1, 'x'}, 1002},
		{"ReservedBit", masked(0xc1, "x"), 1002},
		{"UnknownOpcode", masked(0x83, "x"), 1002},
		{"BadCloseCode", masked(0x88, "\x00\x01"), 1002},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := w.watch(t)
			if _, err := c.NetConn().Write(tt.frame); err != nil {
				t.Fatal(err)
			}
			if tt.code == protocol.CloseTooBig {
				c.want(`{"error":"Message too long","error_detail":"want at most 100 bytes"}`)
			}
			c.wantClose(tt.code)
		})
	}
}

func TestEverySubscriptionEnds(t *testing.T) {
	t.Parallel()
	w := setup(t)
	closing, vanishing, failing := w.watch(t), w.watch(t), w.watch(t)
	if n := w.hub.Stats().Subscribers; n != 3 {
		t.Fatalf("%d subscribers, want 3", n)
	}
	_ = closing.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(patient))
	_ = vanishing.NetConn().Close()
	failing.send("\xff")
	closing.wantClose(1000)
	failing.wantClose(1007)
	w.awaitOpen(t, 0)
	if n := w.hub.Stats().Subscribers; n != 0 {
		t.Errorf("%d subscribers are left", n)
	}
	for code, want := range map[protocol.CloseCode]uint64{1000: 1, 1006: 1, 1007: 1} {
		if got := w.counters.of(code).Load(); got != want {
			t.Errorf("%d disconnections with code %d, want %d", got, code, want)
		}
	}
}

func TestCollectionsOutOfReach(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	down.Store(true)
	w := setup(t, func(c *Config) {
		c.Collections = resolveFunc(func(ctx context.Context, name string) (*wal.Relation, error) {
			if down.Load() {
				return nil, errors.New("no route to the database")
			}
			return onlyUsers(ctx, name)
		})
	})
	for range 3 {
		c := w.dial(t, "/realtime/collections/users")
		c.send(`{"api_key":"` + testKey + `"}`)
		c.wantClose(protocol.CloseRestart)
	}
	down.Store(false)
	w.watch(t)
	log := w.log.String()
	if n := strings.Count(log, "no route to the database"); n != 1 {
		t.Errorf("the outage is logged %d times, want once:\n%s", n, log)
	}
	if !strings.Contains(log, "can be looked up again") || strings.Contains(log, testKey) {
		t.Errorf("the log has no word of the outage's end, or the key:\n%s", log)
	}
}

// fleeting has a collection that is dropped while its first client subscribes.
type fleeting struct {
	resolveFunc
	asked atomic.Int32
}

func (d *fleeting) Exposed(*wal.Relation) bool { return d.asked.Add(1) > 1 }

func TestCollectionGoneMeanwhile(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.Collections = &fleeting{resolveFunc: onlyUsers} })
	c := w.dial(t, "/realtime/collections/users")
	c.send(`{"api_key":"` + testKey + `"}`)
	c.want(`{"event":"connected","collection_id":"users","filters":{}}`)
	c.wantClose(protocol.CloseRestart)
	w.watch(t)
}

func TestPanicIsToldAndCostsOneSocket(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) {
		c.Collections = resolveFunc(func(ctx context.Context, name string) (*wal.Relation, error) {
			if name == "cursed" {
				panic("boo")
			}
			return onlyUsers(ctx, name)
		})
	})
	other := w.watch(t)
	c := w.dial(t, "/realtime/collections/cursed")
	c.send(`{"api_key":"` + testKey + `"}`)
	c.wantClose(protocol.CloseInternal)
	other.send(`{"type":"ping"}`)
	other.want(`{"type":"pong"}`)
	if log := w.log.String(); !strings.Contains(log, "boo") || !strings.Contains(log, "collection.go") {
		t.Errorf("the log has no panic with its stack:\n%s", log)
	}
}

func TestHubEndsSubscriptions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.watch(t)
	w.hub.EndTable(wal.TableName{Schema: "public", Table: "users"}, protocol.ErrCollectionNotFound)
	c.want(`{"error":"Collection not found or access denied"}`)
	c.wantClose(protocol.CloseNotFound)
}

func TestHubHasStopped(t *testing.T) {
	t.Parallel()
	hub := fanout.New(fanout.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = hub.Run(ctx)
	w := setup(t, func(c *Config) { c.Hub = hub })
	c := w.dial(t, "/realtime/collections/users")
	c.send(`{"api_key":"` + testKey + `"}`)
	c.wantClose(protocol.CloseRestart)
}
