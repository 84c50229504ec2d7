package fanout_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// tab is a member of a room, with a queue that the test reads.
type tab struct {
	member *fanout.Member
	queue  *fanout.Queue
}

func join(rooms *fanout.Rooms, project, room, user string, create bool) (*tab, *protocol.Error) {
	q, _ := newQueue(1 << 20)
	s, clientErr := rooms.Join(fanout.JoinRequest{
		Project: project, Room: protocol.Room{ID: room, Title: "title of " + room}, Create: create,
		User: protocol.User{ID: user, Name: "name of " + user}, Queue: q,
	})
	return &tab{s, q}, clientErr
}

// got takes the queued messages, without their timestamps and the like.
func (b *tab) got() []string {
	w := testSubscriber{queue: b.queue}
	out := w.got()
	for i, m := range out {
		before, rest, ok := strings.Cut(m, `"timestamp":"`)
		if ok {
			_, after, _ := strings.Cut(rest, `",`)
			out[i] = before + after
		}
	}
	return out
}

func mustJoin(t *testing.T, rooms *fanout.Rooms, room, user string) *tab {
	t.Helper()
	b, clientErr := join(rooms, "p", room, user, true)
	if clientErr != nil {
		t.Fatal(clientErr)
	}
	return b
}

func TestRooms(t *testing.T) {
	t.Parallel()
	equal := func(t *testing.T, want, got any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
	joined := func(n int, user string) string {
		return fmt.Sprintf(`{"event":"joined","room_id":"r","room_title":"title of r","participants":%d,"user_id":"%s"}`, n, user)
	}
	presence := func(event, user string, n int) string {
		return fmt.Sprintf(`{"type":"user_%s","user_id":"%s","user_name":"name of %s","room_info":{"id":"r","title":"title of r","participants":%d}}`, event, user, user, n)
	}

	t.Run("users join, send and leave", func(t *testing.T) {
		t.Parallel()
		rooms := fanout.NewRooms(fanout.RoomsConfig{})
		ada := mustJoin(t, rooms, "r", "ada")
		bob := mustJoin(t, rooms, "r", "bob")
		rooms.SendFrom(bob.member, []byte(`{"a": 1}`))
		rooms.Leave(bob.member)
		rooms.Leave(bob.member)
		message := `{"type":"message","user_id":"bob","user_name":"name of bob","content":{"a": 1},"room_info":{"id":"r","title":"title of r"}}`
		equal(t, []string{joined(1, "ada"), presence("joined", "bob", 2), message, presence("left", "bob", 1)}, ada.got())
		equal(t, []string{joined(2, "bob"), message}, bob.got())
	})

	t.Run("two sockets of a user are one participant", func(t *testing.T) {
		t.Parallel()
		rooms := fanout.NewRooms(fanout.RoomsConfig{})
		ada := mustJoin(t, rooms, "r", "ada")
		one, two := mustJoin(t, rooms, "r", "bob"), mustJoin(t, rooms, "r", "bob")
		rooms.Leave(one.member)
		ada.got()
		equal(t, []string{joined(2, "bob")}, two.got())
		rooms.Leave(two.member)
		equal(t, []string{presence("left", "bob", 1)}, ada.got())
	})

	t.Run("a room belongs to one project", func(t *testing.T) {
		t.Parallel()
		rooms := fanout.NewRooms(fanout.RoomsConfig{})
		mustJoin(t, rooms, "r", "ada")
		for _, create := range []bool{true, false} {
			if _, clientErr := join(rooms, "other", "r", "eve", create); clientErr != protocol.ErrRoomForbidden {
				t.Errorf("create %v: error %v", create, clientErr)
			}
		}
		if clientErr := rooms.Send("other", "r", protocol.System, []byte(`1`)); clientErr != protocol.ErrRoomForbidden {
			t.Errorf("error %v", clientErr)
		}
		if list := rooms.List("other"); len(list) != 0 {
			t.Errorf("%+v", list)
		}
	})

	t.Run("joining a room that does not exist", func(t *testing.T) {
		t.Parallel()
		rooms := fanout.NewRooms(fanout.RoomsConfig{})
		_, clientErr := join(rooms, "p", "r", "ada", false)
		if clientErr == nil || string(clientErr.AppendJSON(nil)) != `{"error":"Room not found","room_id":"r"}` || clientErr.Code != 4404 {
			t.Errorf("error %v", clientErr)
		}
	})

	t.Run("limits", func(t *testing.T) {
		t.Parallel()
		rooms := fanout.NewRooms(fanout.RoomsConfig{MaxRooms: 1, MaxParticipants: 1})
		mustJoin(t, rooms, "r", "ada")
		for _, room := range []string{"r", "another"} {
			if _, clientErr := join(rooms, "p", room, "bob", true); clientErr == nil || clientErr.Code != protocol.CloseRateLimit {
				t.Errorf("room %q: error %v", room, clientErr)
			}
		}
	})

	t.Run("an empty room stays for a while, unlisted, and then expires", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			rooms := fanout.NewRooms(fanout.RoomsConfig{EmptyTTL: 30 * time.Second})
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- rooms.Run(ctx) }()
			ada := mustJoin(t, rooms, "r", "ada")
			rooms.Leave(ada.member)
			if list := rooms.List("p"); len(list) != 0 {
				t.Errorf("an empty room is listed: %+v", list)
			}
			time.Sleep(29 * time.Second)
			ada, clientErr := join(rooms, "p", "r", "ada", false)
			if clientErr != nil {
				t.Fatal(clientErr)
			}
			time.Sleep(40 * time.Second) // past the first expiry, with a member
			synctest.Wait()
			rooms.Leave(ada.member)
			time.Sleep(29 * time.Second)
			synctest.Wait()
			if st := rooms.Stats(); st.Rooms != 1 {
				t.Errorf("expired too early: %+v", st)
			}
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if _, clientErr := join(rooms, "p", "r", "ada", false); clientErr == nil {
				t.Error("an empty room did not expire")
			}
			if st := rooms.Stats(); st.Rooms != 0 {
				t.Errorf("%+v", st)
			}
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	})
}

// model is a naive implementation of the rooms of the wire contract.
type model struct {
	rooms map[string]*modelRoom
	made  int
}

type modelRoom struct {
	number int
	people []string
	tabs   map[*modelTab]bool
}

type modelTab struct {
	tab        *tab
	room, user string
	want       []string // user:event:participants or user:message
}

// TestManyRoomsExpire empties more rooms at once than expire at once. Users join some of
// them again before their time is up.
func TestManyRoomsExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const many = 1000
		rooms := fanout.NewRooms(fanout.RoomsConfig{EmptyTTL: time.Minute})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = rooms.Run(ctx) }()
		for i := range many {
			rooms.Leave(mustJoin(t, rooms, fmt.Sprint(i), "ada").member)
		}
		time.Sleep(30 * time.Second)
		var back []*tab
		for i := range many / 2 {
			back = append(back, mustJoin(t, rooms, fmt.Sprint(2*i), "ada"))
		}
		for _, b := range back[:many/4] {
			rooms.Leave(b.member)
		}
		for _, tt := range []struct {
			later time.Duration
			want  int
		}{{29 * time.Second, many}, {2 * time.Second, many / 2}, {30 * time.Second, many / 4}} {
			time.Sleep(tt.later)
			synctest.Wait()
			if got := rooms.Stats().Rooms; got != tt.want {
				t.Errorf("after %s there are %d rooms, want %d", tt.later, got, tt.want)
			}
		}
	})
}

// After random joins, messages and leaves, the list of rooms, the participants and each
// member's messages agree with the model, and all members see one order.
func TestRoomsAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rooms := fanout.NewRooms(fanout.RoomsConfig{})
		m := &model{rooms: map[string]*modelRoom{}}
		var tabs []*modelTab
		said := 0
		pick := func(t *rapid.T) (b *modelTab, ok bool) { // false if there is no member
			if len(tabs) == 0 {
				return nil, false
			}
			return rapid.SampledFrom(tabs).Draw(t, "tab"), true
		}
		tell := func(r *modelRoom, but *modelTab, event string) {
			for b := range r.tabs {
				if b != but {
					b.want = append(b.want, event)
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"enter": func(t *rapid.T) {
				b := &modelTab{room: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "room"), user: rapid.SampledFrom([]string{"u", "v", "w", "x"}).Draw(t, "user")}
				create := rapid.Bool().Draw(t, "create")
				r := m.rooms[b.room]
				entered, clientErr := join(rooms, "p", b.room, b.user, create)
				if r == nil && !create {
					if clientErr == nil || clientErr.Code != protocol.CloseNotFound {
						t.Fatalf("error %v", clientErr)
					}
					return
				}
				if clientErr != nil {
					t.Fatal(clientErr)
				}
				if r == nil {
					m.made++
					r = &modelRoom{number: m.made, tabs: map[*modelTab]bool{}}
					m.rooms[b.room] = r
				}
				b.tab = entered
				first := !slices.Contains(r.people, b.user)
				if first {
					r.people = append(r.people, b.user)
				}
				b.want = []string{fmt.Sprintf("%s:joined:%d", b.user, len(r.people))}
				r.tabs[b] = true
				if first {
					tell(r, b, fmt.Sprintf("%s:user_joined:%d", b.user, len(r.people)))
				}
				tabs = append(tabs, b)
			},
			"leave": func(t *rapid.T) {
				b, ok := pick(t)
				if !ok {
					return
				}
				rooms.Leave(b.tab.member)
				r := m.rooms[b.room]
				delete(r.tabs, b)
				tabs = slices.DeleteFunc(tabs, func(x *modelTab) bool { return x == b })
				for other := range r.tabs {
					if other.user == b.user {
						return
					}
				}
				r.people = slices.DeleteFunc(r.people, func(u string) bool { return u == b.user })
				tell(r, nil, fmt.Sprintf("%s:user_left:%d", b.user, len(r.people)))
			},
			"say": func(t *rapid.T) {
				b, ok := pick(t)
				if !ok {
					return
				}
				said++
				rooms.SendFrom(b.tab.member, fmt.Append(nil, said))
				tell(m.rooms[b.room], nil, fmt.Sprintf("%s:message:%d", b.user, said))
			},
			"": func(t *rapid.T) {
				for _, b := range tabs {
					if diff := cmp.Diff(b.want, summaries(t, b.tab)); diff != "" && len(b.want) > 0 {
						t.Fatalf("%s in %s: -want +got\n%s", b.user, b.room, diff)
					}
					b.want = nil
				}
				checkList(t, m, rooms.List("p"))
			},
		})
	})
}

// summaries takes a tab's messages in the model's form.
func summaries(t *rapid.T, b *tab) []string {
	var out []string
	for _, s := range b.got() {
		var msg struct {
			Event, Type  string
			UserID       string `json:"user_id"`
			Participants int
			Content      int
			RoomInfo     struct{ Participants int } `json:"room_info"`
		}
		if err := json.Unmarshal([]byte(s), &msg); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		out = append(out, fmt.Sprintf("%s:%s:%d", msg.UserID, msg.Event+msg.Type, msg.Participants+msg.RoomInfo.Participants+msg.Content))
	}
	return out
}

func checkList(t *rapid.T, m *model, got []protocol.RoomListing) {
	type listed struct {
		ID     string
		People []string
	}
	var want, have []listed
	for id, r := range m.rooms {
		if len(r.people) > 0 {
			want = append(want, listed{id, r.people})
		}
	}
	slices.SortFunc(want, func(a, b listed) int { return m.rooms[a.ID].number - m.rooms[b.ID].number })
	for _, l := range got {
		x := listed{ID: l.ID}
		for _, u := range l.Participants {
			x.People = append(x.People, u.ID)
		}
		have = append(have, x)
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Fatalf("the list: -want +got\n%s", diff)
	}
}

func TestBroadcast(t *testing.T) {
	t.Parallel()
	var b fanout.Broadcast
	join := func(project, user string) *tab {
		q, _ := newQueue(1 << 20)
		return &tab{b.Join(project, protocol.User{ID: user, Name: user}, q), q}
	}
	ada, bob, eve := join("p", "ada"), join("p", "bob"), join("other", "eve")
	b.Send("p", ada.member.User, []byte(`{"x": 1}`))
	b.Leave(bob.member)
	b.Leave(bob.member)
	b.Send("p", protocol.System, []byte(`2`))
	one := `{"type":"message","user_id":"ada","user_name":"ada","data":{"x": 1}}`
	two := `{"type":"message","user_id":"system","user_name":"system","data":2}`
	for _, c := range []struct {
		tab  *tab
		want []string
	}{
		{ada, []string{`{"event":"connected","project_id":"p","user_id":"ada"}`, one, two}},
		{bob, []string{`{"event":"connected","project_id":"p","user_id":"bob"}`, one}},
		{eve, []string{`{"event":"connected","project_id":"other","user_id":"eve"}`}},
	} {
		if diff := cmp.Diff(c.want, c.tab.got()); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
	if st := b.Stats(); st.Messages != 2 || st.Deliveries != 3 {
		t.Errorf("%+v", st)
	}
}

func TestServerPublisher(t *testing.T) {
	t.Parallel()
	a := &fanout.ServerPublisher{Project: "p", Broadcast: &fanout.Broadcast{}, Rooms: fanout.NewRooms(fanout.RoomsConfig{})}
	ada := mustJoin(t, a.Rooms, "r:1", "ada")
	ada.got()
	publish := func(prefix, content string) error {
		return a.Publish(&wal.Message{Prefix: prefix, Content: []byte(content)})
	}
	if err := publish("tablewire:room:r:1", `{"content":"hi","user_name":"Trigger"}`); err != nil {
		t.Error(err)
	}
	want := []string{`{"type":"message","user_id":"system","user_name":"Trigger","content":"hi","room_info":{"id":"r:1","title":"title of r:1"}}`}
	if diff := cmp.Diff(want, ada.got()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if err := publish("tablewire:room:nobody", `1`); err != nil {
		t.Errorf("a room that does not exist: %v", err)
	}
	for prefix, content := range map[string]string{"tablewire:broadcast": `secret`, "tablewire:elsewhere": `1`} {
		if err := publish(prefix, content); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error %v", prefix, err)
		}
	}
}
