package integration

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// roomsTime bounds the property below; -rapid.checks and -rapid.seed work as well.
var roomsTime = flag.Duration("rooms.time", 4*time.Second, "how long TestRoomsModel looks for a counterexample")

// Random users with several tabs come into rooms, leave them, lose their connections
// and talk, one at a time and many at once, over real sockets. What every one of
// them is told, and what the list of rooms says, must be what a model of the rooms
// says, and the same for everybody.
func TestRoomsModel(t *testing.T) {
	t.Parallel()
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	s := harness.Serve(t, db.URL, "rooms_model", "--message-rate=-1", "--address-message-rate=-1")
	if f := flag.Lookup("rapid.seed"); f.Value.String() == "0" {
		_ = f.Value.Set(strconv.FormatUint(rand.Uint64()|1, 10)) // it is a number
	}
	t.Logf("to repeat: go test -run TestRoomsModel ./integration -rapid.seed=%s -rooms.time=%s", flag.Lookup("rapid.seed").Value, 10**roomsTime)
	began, runs, steps, failed := time.Now(), 0, 0, false
	rapid.Check(t, func(r *rapid.T) {
		if time.Since(began) > *roomsTime && !failed {
			return
		}
		runs++
		held := false
		defer func() { failed = failed || !held }() // to be made smaller, it runs again
		m := &roomsModel{ctx: background(t), server: s, run: runs, rooms: map[string]*modelRoom{}}
		defer m.end(r)
		r.Repeat(map[string]func(*rapid.T){
			"one thing": func(r *rapid.T) { steps++; m.step(r, 1) },
			"at once":   func(r *rapid.T) { steps++; m.step(r, rapid.IntRange(2, 8).Draw(r, "things")) },
		})
		held = true
	})
	t.Logf("%d runs of %d steps in all, %s", runs, steps, time.Since(began).Round(time.Millisecond))
}

const (
	modelUsers = 4
	modelRooms = 3
	modelTabs  = 12 // open at the same time

	// modelPatience is short, because a failure is looked for again and again, to
	// make it smaller.
	modelPatience = 10 * time.Second
)

// roomsModel is what the server must agree with.
type roomsModel struct {
	ctx    context.Context
	server *harness.Server
	run    int // rooms are named after it: those of an earlier run linger
	said   int // numbers messages and titles

	tabs   []*tab
	dialed []*tab // all that there ever were
	rooms  map[string]*modelRoom
	order  []string // ids of rooms, oldest first
}

// modelRoom is a room; it stays when nobody is in it, as it does for the time that
// a run takes.
type modelRoom struct {
	id, title, createdBy string
	people               []string // in the order in which they came
}

// tab is a user's socket in a room.
type tab struct {
	*harness.Conn
	user, room string
	heard      []string // in this step
}

// thing is what is done in a step.
type thing struct {
	kind string // open, leave, drop, say
	tab  *tab   // for an open: the new one, with its socket once it is open

	action, title string              // of an open
	content       string              // of a say
	first         harness.ChatMessage // of an open: the answer
}

// prefix begins the ids of a run's rooms.
func (m *roomsModel) prefix() string { return fmt.Sprintf("run%d-room", m.run) }

func nameOf(user string) string { return "Name of " + user }

// draw chooses what to do. A tab does one thing in a step.
func (m *roomsModel) draw(r *rapid.T, n int) []*thing {
	free := slices.Clone(m.tabs)
	var things []*thing
	for range n {
		kinds := []string{"open", "open", "say", "leave", "drop"}
		if len(free) == 0 {
			kinds = kinds[:2]
		} else if len(m.tabs) >= modelTabs {
			kinds = kinds[2:]
		}
		th := &thing{kind: rapid.SampledFrom(kinds).Draw(r, "kind")}
		m.said++
		if th.kind == "open" {
			th.tab = &tab{
				user: fmt.Sprintf("user%d", rapid.IntRange(1, modelUsers).Draw(r, "user")),
				room: m.prefix() + fmt.Sprint(rapid.IntRange(1, modelRooms).Draw(r, "room")),
			}
			th.action = rapid.SampledFrom([]string{"create", "create", "join", ""}).Draw(r, "action")
			th.title = fmt.Sprintf("Title %d", m.said)
		} else {
			i := rapid.IntRange(0, len(free)-1).Draw(r, "tab")
			th.tab = free[i]
			free = slices.Delete(free, i, i+1)
			th.content = fmt.Sprintf(`{"n":%d}`, m.said)
		}
		things = append(things, th)
	}
	return things
}

// step does things at the same time and holds what was seen against the model.
func (m *roomsModel) step(r *rapid.T, n int) {
	for _, k := range m.tabs {
		k.heard = nil
	}
	began := time.Now()
	things := m.draw(r, n)
	errs := make([]error, len(things))
	var doing sync.WaitGroup
	for i, th := range things {
		doing.Go(func() { errs[i] = m.do(th) })
	}
	doing.Wait()
	for _, th := range things {
		if th.kind == "open" && th.tab.Conn != nil {
			m.dialed = append(m.dialed, th.tab)
		}
	}
	for i, err := range errs {
		if err != nil {
			r.Fatalf("%s of %s in %s: %v", things[i].kind, things[i].tab.user, things[i].tab.room, err)
		}
	}
	stayed := slices.DeleteFunc(slices.Clone(m.tabs), func(k *tab) bool {
		return slices.ContainsFunc(things, func(th *thing) bool { return th.tab == k && (th.kind == "leave" || th.kind == "drop") })
	})
	opened := m.opened(r, things)
	m.tabs = slices.Concat(stayed, opened)

	list := m.settle(r)
	m.pingAll(r)
	for id, room := range m.rooms {
		m.check(r, room, things, of(stayed, id), of(opened, id))
	}
	m.compare(r, list, began)
}

// of gives the tabs that are in a room.
func of(tabs []*tab, room string) []*tab {
	return slices.DeleteFunc(slices.Clone(tabs), func(k *tab) bool { return k.room != room })
}

func (m *roomsModel) do(th *thing) (err error) {
	switch th.kind {
	case "say":
		return th.tab.Send(map[string]any{"type": "message", "content": json.RawMessage(th.content)})
	case "leave":
		return th.tab.Close()
	case "drop":
		th.tab.Reset()
		return nil
	}
	hello := map[string]string{"api_key": harness.APIKey, "user_id": th.tab.user, "user_name": nameOf(th.tab.user)}
	if th.action != "" {
		hello["action"] = th.action
	}
	if th.action == "create" {
		hello["room_title"] = th.title
	}
	if th.tab.Conn, err = harness.Open(m.ctx, m.server, "rooms/"+th.tab.room, hello); err != nil {
		return err
	}
	f, err := th.tab.Next()
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(f), &th.first)
}

// opened takes up the tabs that were let into their rooms, and the rooms that were
// made for them.
func (m *roomsModel) opened(r *rapid.T, things []*thing) (tabs []*tab) {
	var made []string
	for _, th := range things {
		if th.kind != "open" || th.first.Event != "joined" || m.rooms[th.tab.room] != nil {
			continue
		}
		// The title tells who made it, of those who did it at the same time.
		room := &modelRoom{id: th.tab.room, title: th.first.RoomTitle}
		for _, other := range things {
			if other.kind == "open" && other.action == "create" && other.tab.room == room.id && other.title == room.title {
				room.createdBy = other.tab.user
			}
		}
		if room.createdBy == "" {
			r.Fatalf("nobody made the room %s with the title %q", room.id, room.title)
		}
		m.rooms[room.id] = room
		made = append(made, room.id)
	}
	for _, th := range things {
		if th.kind != "open" {
			continue
		}
		room := m.rooms[th.tab.room]
		switch {
		case th.first.Error == "Room not found" && th.first.RoomID == th.tab.room && th.action != "create" && (room == nil || slices.Contains(made, room.id)):
			if _, err := th.tab.Next(); !errors.Is(err, harness.ClosedError(4404)) {
				r.Fatalf("a room that is not there: %v", err)
			}
			th.tab.Reset()
		case room != nil && th.first.Event == "joined" && th.first.RoomID == room.id && th.first.RoomTitle == room.title && th.first.UserID == th.tab.user:
			tabs = append(tabs, th.tab)
		default:
			r.Fatalf("%q of %s in %s is answered %+v", th.action, th.tab.user, th.tab.room, th.first)
		}
	}
	return tabs
}

// settle waits until the server has seen all of the step: messages first, then
// leaves, which nobody is told of who has left: the list of rooms tells.
func (m *roomsModel) settle(r *rapid.T) []harness.ListedRoom {
	m.pingAll(r)
	want := map[string][]string{}
	for _, k := range m.tabs {
		if users := want[k.room]; !slices.Contains(users, k.user) {
			want[k.room] = append(users, k.user)
		}
	}
	return m.awaitList(r, want)
}

// awaitList waits until the list of rooms has the users, in whatever order.
func (m *roomsModel) awaitList(r *rapid.T, want map[string][]string) []harness.ListedRoom {
	for _, users := range want {
		slices.Sort(users)
	}
	timeout, tick := time.After(modelPatience), time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		list, err := harness.ListRooms(m.ctx, m.server)
		if err != nil {
			r.Fatal(err)
		}
		list = slices.DeleteFunc(list, func(l harness.ListedRoom) bool { return !strings.HasPrefix(l.ID, m.prefix()) })
		got := map[string][]string{}
		for _, l := range list {
			users := usersOf(&l)
			slices.Sort(users)
			got[l.ID] = users
		}
		if maps.EqualFunc(got, want, slices.Equal) {
			return list
		}
		select {
		case <-tick.C:
		case <-timeout:
			r.Fatalf("the list of rooms has %v, want %v", got, want)
		}
	}
}

func usersOf(l *harness.ListedRoom) (ids []string) {
	for _, p := range l.ParticipantList {
		ids = append(ids, p.ID)
	}
	return ids
}

// pingAll pings all tabs at once, and keeps what came before the answers.
func (m *roomsModel) pingAll(r *rapid.T) {
	errs := make([]error, len(m.tabs))
	var pinging sync.WaitGroup
	for i, k := range m.tabs {
		pinging.Go(func() {
			var frames []string
			frames, errs[i] = k.Ping()
			k.heard = append(k.heard, frames...)
		})
	}
	pinging.Wait()
	for i, k := range m.tabs {
		if errs[i] != nil {
			r.Fatalf("%s in %s: %v", k.user, k.room, errs[i])
		}
	}
}

// check holds what a room's tabs were told in a step against each other and against
// what was done. Whoever was there all the time has heard everything; whoever came
// has heard all that was said from then on.
func (m *roomsModel) check(r *rapid.T, room *modelRoom, things []*thing, stayed, opened []*tab) {
	all := slices.Concat(stayed, opened)
	if len(all) == 0 {
		room.people = nil
		return
	}
	reference := all[0]
	if len(stayed) == 0 {
		// Then it is the one that came first.
		reference = slices.MaxFunc(all, func(a, b *tab) int { return len(a.heard) - len(b.heard) })
	}
	for _, k := range stayed {
		if !slices.Equal(k.heard, reference.heard) {
			r.Fatalf("in %s, %s heard %q\nand %s heard %q", room.id, k.user, k.heard, reference.user, reference.heard)
		}
	}
	present := room.follow(r, things, reference, len(stayed) > 0)
	for _, th := range things {
		if th.kind != "open" || !slices.Contains(opened, th.tab) {
			continue
		}
		k, missed := th.tab, len(reference.heard)-len(th.tab.heard)
		if missed < 0 || !slices.Equal(reference.heard[missed:], k.heard) {
			r.Fatalf("in %s, %s came and heard %q\nwhile %s heard %q", room.id, k.user, k.heard, reference.user, reference.heard)
		}
		if present[missed].count != th.first.Participants {
			r.Fatalf("in %s, %s came and was told of %d participants; there were %d", room.id, k.user, th.first.Participants, present[missed].count)
		}
		if len(stayed) > 0 && !slices.Contains(present[missed].people, k.user) {
			r.Fatalf("in %s, %s came, and others were not told: %q", room.id, k.user, reference.heard)
		}
	}
}

// presence is who is in a room between two frames. Where nobody was there all the
// time, only how many.
type presence struct {
	count  int
	people []string
}

// follow goes through what the reference heard in a step, and gives who was in the
// room before each frame and after the last.
func (room *modelRoom) follow(r *rapid.T, things []*thing, reference *tab, stayed bool) []presence {
	now := presence{len(room.people), slices.Clone(room.people)}
	if !stayed {
		for _, th := range things {
			if th.tab == reference {
				now = presence{count: th.first.Participants}
			}
		}
	}
	present := []presence{now}
	count := map[string]int{} // of events
	last := ""
	for _, f := range reference.heard {
		var e harness.ChatMessage
		if err := json.Unmarshal([]byte(f), &e); err != nil {
			r.Fatalf("%s: %v", f, err)
		}
		if e.RoomInfo.ID != room.id || e.RoomInfo.Title != room.title || e.UserName != nameOf(e.UserID) || e.Timestamp < last {
			r.Fatalf("in %s, titled %q, after %s: %s", room.id, room.title, last, f)
		}
		last = e.Timestamp
		there := slices.Contains(now.people, e.UserID)
		switch e.Type {
		case "message":
			count["say "+e.UserID+string(e.Content)]++
			present = append(present, now)
			continue
		case "user_joined":
			now = presence{now.count + 1, append(slices.Clone(now.people), e.UserID)}
		case "user_left":
			there = !there
			now = presence{now.count - 1, slices.DeleteFunc(slices.Clone(now.people), func(u string) bool { return u == e.UserID })}
		default:
			r.Fatalf("in %s came %s", room.id, f)
		}
		count[e.Type+" "+e.UserID]++
		if stayed && there || e.RoomInfo.Participants != now.count {
			r.Fatalf("in %s with %v before the step, %s is wrong in %q", room.id, room.people, f, reference.heard)
		}
		present = append(present, now)
	}
	for _, th := range things {
		if th.tab.room != room.id {
			continue
		}
		count[map[string]string{
			"open": "user_joined " + th.tab.user, "leave": "user_left " + th.tab.user, "drop": "user_left " + th.tab.user,
			"say": "say " + th.tab.user + th.content,
		}[th.kind]]--
	}
	for what, n := range count {
		// A join or a leave makes no event where the user has another tab.
		if n > 0 || n < 0 && strings.HasPrefix(what, "say ") {
			r.Fatalf("in %s, %q was heard %+d times too often: %q", room.id, what, n, reference.heard)
		}
	}
	room.people = now.people
	if !stayed {
		room.people = nil // the list of rooms tells
	}
	return present
}

// compare holds the list of rooms against the model.
func (m *roomsModel) compare(r *rapid.T, list []harness.ListedRoom, began time.Time) {
	var listed, want []string
	for _, l := range list {
		listed = append(listed, l.ID)
		if !slices.Contains(m.order, l.ID) {
			m.order = append(m.order, l.ID)
			if l.CreatedAt < began.Unix() || l.CreatedAt > time.Now().Unix() {
				r.Fatalf("%s was created at %d, and that is not now", l.ID, l.CreatedAt)
			}
		}
		room := m.rooms[l.ID]
		if l.Title != room.title || l.CreatedBy != room.createdBy || l.Participants != len(l.ParticipantList) {
			r.Fatalf("the list has %+v, want %+v", l, room)
		}
		for _, p := range l.ParticipantList {
			if p.Name != nameOf(p.ID) {
				r.Fatalf("the list has %+v", l)
			}
		}
		if room.people != nil && !slices.Equal(usersOf(&l), room.people) {
			r.Fatalf("in %s are %v, in the order in which they came; the list has %v", l.ID, room.people, usersOf(&l))
		}
		room.people = usersOf(&l)
	}
	for _, id := range m.order {
		if slices.ContainsFunc(m.tabs, func(k *tab) bool { return k.room == id }) {
			want = append(want, id)
		}
	}
	if !slices.Equal(listed, want) {
		r.Fatalf("the list has the rooms %v, oldest first; want %v", listed, want)
	}
}

// end leaves the server without a room in its list.
func (m *roomsModel) end(r *rapid.T) {
	for _, k := range m.dialed {
		k.Reset()
	}
	if !r.Failed() {
		m.awaitList(r, map[string][]string{})
	}
}

// A room in which nobody is any more is not listed, can still be joined for a while,
// and is then forgotten.
func TestRoomLinger(t *testing.T) {
	t.Parallel()
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	hello := func(action string) map[string]string {
		return map[string]string{"api_key": harness.APIKey, "user_id": "u", "action": action, "room_title": "By " + action}
	}
	listed := func(s *harness.Server) int {
		t.Helper()
		list, err := harness.ListRooms(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	const joined = `{"event":"joined","room_id":"r","room_title":"By create","participants":1,"user_id":"u"}`
	const notFound = `{"error":"Room not found","room_id":"r"}`

	s := harness.Serve(t, db.URL, "linger")
	for _, action := range []string{"create", "join", "create"} {
		c, first := harness.Join(t, s, "rooms/r", hello(action))
		if first != joined || listed(s) != 1 {
			t.Errorf("%s is answered %s, with %d rooms listed", action, first, listed(s))
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		harness.Eventually(t, "the room is not listed", func() bool { return listed(s) == 0 })
	}
	s.Stop(t)

	s = harness.Serve(t, db.URL, "linger", "--room-linger", "10ms")
	c, _ := harness.Join(t, s, "rooms/r", hello("create"))
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	harness.Eventually(t, "the room is forgotten", func() bool {
		return strings.Contains(s.Metrics(t), "\ntablewire_rooms 0\n")
	})
	if _, first := harness.Join(t, s, "rooms/r", hello("join")); first != notFound {
		t.Errorf("a room that was forgotten is joined: %s", first)
	}
}
