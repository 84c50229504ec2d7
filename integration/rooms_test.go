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

// roomsTime bounds the property below. The flags -rapid.checks and -rapid.seed work, too.
var roomsTime = flag.Duration("rooms.time", 4*time.Second, "how long TestRoomsModel looks for a counterexample")

// Random users join rooms in several tabs, leave them, lose their connections and send
// messages, one at a time and many at once. Every tab gets what a model of the rooms says, and
// so does the list of rooms. All tabs of a room get the same messages in the same order.
func TestRoomsModel(t *testing.T) {
	t.Parallel()
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	s := harness.Serve(t, db.URL, "rooms_model", "--message-rate=-1", "--address-message-rate=-1")
	if f := flag.Lookup("rapid.seed"); f.Value.String() == "0" {
		_ = f.Value.Set(strconv.FormatUint(rand.Uint64()|1, 10)) // fails only if the text is not a number
	}
	t.Logf("to repeat: go test -run TestRoomsModel ./integration -rapid.seed=%s -rooms.time=%s", flag.Lookup("rapid.seed").Value, 10**roomsTime)
	began, runs, steps, failed := time.Now(), 0, 0, false
	rapid.Check(t, func(r *rapid.T) {
		if time.Since(began) > *roomsTime && !failed {
			return
		}
		runs++
		held := false
		defer func() { failed = failed || !held }() // rapid runs the property again to shrink the failure
		m := &roomsModel{ctx: background(t), server: s, run: runs, rooms: map[string]*modelRoom{}}
		defer m.end(r)
		r.Repeat(map[string]func(*rapid.T){
			"one operation": func(r *rapid.T) { steps++; m.step(r, 1) },
			"at once":       func(r *rapid.T) { steps++; m.step(r, rapid.IntRange(2, 8).Draw(r, "operations")) },
		})
		held = true
	})
	t.Logf("%d runs of %d steps in all, %s", runs, steps, time.Since(began).Round(time.Millisecond))
}

const (
	modelUsers = 4
	modelRooms = 3
	modelTabs  = 12 // at most so many are open at the same time

	// modelPatience is short, because rapid repeats a failure many times to shrink it.
	modelPatience = 10 * time.Second
)

// roomsModel is what the rooms must be after each step.
type roomsModel struct {
	ctx    context.Context
	server *harness.Server
	run    int // part of the rooms' ids, because rooms of an earlier run still exist
	serial int // numbers messages and titles

	tabs   []*tab
	dialed []*tab // all that were ever open
	rooms  map[string]*modelRoom
	order  []string // ids of rooms, oldest first
}

// modelRoom is a room. It stays when it is empty: --room-linger is longer than a run.
type modelRoom struct {
	id, title, createdBy string
	people               []string // in the order in which they joined
}

// tab is a user's socket in a room.
type tab struct {
	*harness.Conn
	user, room string
	received   []string // in this step
}

// operation is something that a user does in a step.
type operation struct {
	kind string // open, leave, reset, send
	tab  *tab   // of open: the new one, which has a connection once it is open

	action, title string              // of open
	content       string              // of send
	first         harness.ChatMessage // of open: the server's answer
}

// prefix is what the ids of a run's rooms begin with.
func (m *roomsModel) prefix() string { return fmt.Sprintf("run%d-room", m.run) }

func nameOf(user string) string { return "Name of " + user }

// draw chooses n operations. A tab has at most one in a step.
func (m *roomsModel) draw(r *rapid.T, n int) []*operation {
	free := slices.Clone(m.tabs)
	var ops []*operation
	for range n {
		kinds := []string{"open", "open", "send", "leave", "reset"}
		if len(free) == 0 {
			kinds = kinds[:2]
		} else if len(m.tabs) >= modelTabs {
			kinds = kinds[2:]
		}
		op := &operation{kind: rapid.SampledFrom(kinds).Draw(r, "kind")}
		m.serial++
		if op.kind == "open" {
			op.tab = &tab{
				user: fmt.Sprintf("user%d", rapid.IntRange(1, modelUsers).Draw(r, "user")),
				room: m.prefix() + fmt.Sprint(rapid.IntRange(1, modelRooms).Draw(r, "room")),
			}
			op.action = rapid.SampledFrom([]string{"create", "create", "join", ""}).Draw(r, "action")
			op.title = fmt.Sprintf("Title %d", m.serial)
		} else {
			i := rapid.IntRange(0, len(free)-1).Draw(r, "tab")
			op.tab = free[i]
			free = slices.Delete(free, i, i+1)
			op.content = fmt.Sprintf(`{"n":%d}`, m.serial)
		}
		ops = append(ops, op)
	}
	return ops
}

// step does n operations at the same time and compares what the tabs received with the model.
func (m *roomsModel) step(r *rapid.T, n int) {
	for _, k := range m.tabs {
		k.received = nil
	}
	began := time.Now()
	ops := m.draw(r, n)
	errs := make([]error, len(ops))
	var doing sync.WaitGroup
	for i, op := range ops {
		doing.Go(func() { errs[i] = m.do(op) })
	}
	doing.Wait()
	for _, op := range ops {
		if op.kind == "open" && op.tab.Conn != nil {
			m.dialed = append(m.dialed, op.tab)
		}
	}
	for i, err := range errs {
		if err != nil {
			r.Fatalf("%s of %s in %s: %v", ops[i].kind, ops[i].tab.user, ops[i].tab.room, err)
		}
	}
	stayed := slices.DeleteFunc(slices.Clone(m.tabs), func(k *tab) bool {
		return slices.ContainsFunc(ops, func(op *operation) bool { return op.tab == k && (op.kind == "leave" || op.kind == "reset") })
	})
	opened := m.opened(r, ops)
	m.tabs = slices.Concat(stayed, opened)

	list := m.settle(r)
	m.pingAll(r)
	for id, room := range m.rooms {
		m.check(r, room, ops, of(stayed, id), of(opened, id))
	}
	m.compare(r, list, began)
}

// of returns the tabs that are in a room.
func of(tabs []*tab, room string) []*tab {
	return slices.DeleteFunc(slices.Clone(tabs), func(k *tab) bool { return k.room != room })
}

// do does an operation on its tab.
func (m *roomsModel) do(op *operation) (err error) {
	switch op.kind {
	case "send":
		return op.tab.Send(map[string]any{"type": "message", "content": json.RawMessage(op.content)})
	case "leave":
		return op.tab.Close()
	case "reset":
		op.tab.Reset()
		return nil
	}
	hello := map[string]string{"api_key": harness.APIKey, "user_id": op.tab.user, "user_name": nameOf(op.tab.user)}
	if op.action != "" {
		hello["action"] = op.action
	}
	if op.action == "create" {
		hello["room_title"] = op.title
	}
	if op.tab.Conn, err = harness.Open(m.ctx, m.server, "rooms/"+op.tab.room, hello); err != nil {
		return err
	}
	f, err := op.tab.Next()
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(f), &op.first)
}

// opened checks the answers to the operations that open a tab. It returns the tabs that joined,
// and adds the rooms that were created.
func (m *roomsModel) opened(r *rapid.T, ops []*operation) (tabs []*tab) {
	var created []string
	for _, op := range ops {
		if op.kind != "open" || op.first.Event != "joined" || m.rooms[op.tab.room] != nil {
			continue
		}
		// Several users may have sent "create" at the same time. The title shows who was first.
		room := &modelRoom{id: op.tab.room, title: op.first.RoomTitle}
		for _, other := range ops {
			if other.kind == "open" && other.action == "create" && other.tab.room == room.id && other.title == room.title {
				room.createdBy = other.tab.user
			}
		}
		if room.createdBy == "" {
			r.Fatalf("the room %s has the title %q, which no user gave it", room.id, room.title)
		}
		m.rooms[room.id] = room
		created = append(created, room.id)
	}
	for _, op := range ops {
		if op.kind != "open" {
			continue
		}
		room := m.rooms[op.tab.room]
		switch {
		case op.first.Error == "Room not found" && op.first.RoomID == op.tab.room && op.action != "create" && (room == nil || slices.Contains(created, room.id)):
			if _, err := op.tab.Next(); !errors.Is(err, harness.ClosedError(4404)) {
				r.Fatalf("after \"Room not found\": %v, want close code 4404", err)
			}
			op.tab.Reset()
		case room != nil && op.first.Event == "joined" && op.first.RoomID == room.id && op.first.RoomTitle == room.title && op.first.UserID == op.tab.user:
			tabs = append(tabs, op.tab)
		default:
			r.Fatalf("the answer to %q of %s in %s is %+v", op.action, op.tab.user, op.tab.room, op.first)
		}
	}
	return tabs
}

// settle waits until the server has processed the step. The answers to pings show that it has
// read all messages. Only the list of rooms shows that it has noticed a tab that is gone.
func (m *roomsModel) settle(r *rapid.T) []harness.ListedRoom {
	m.pingAll(r)
	want := map[string][]string{}
	for _, k := range m.tabs {
		if users := want[k.room]; !slices.Contains(users, k.user) {
			want[k.room] = append(users, k.user)
		}
	}
	return m.waitList(r, want)
}

// waitList waits until the list of rooms has these users, in any order.
func (m *roomsModel) waitList(r *rapid.T, want map[string][]string) []harness.ListedRoom {
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

// pingAll pings on all tabs at once, and keeps what came before the answers.
func (m *roomsModel) pingAll(r *rapid.T) {
	errs := make([]error, len(m.tabs))
	var pinging sync.WaitGroup
	for i, k := range m.tabs {
		pinging.Go(func() {
			var frames []string
			frames, errs[i] = k.Ping()
			k.received = append(k.received, frames...)
		})
	}
	pinging.Wait()
	for i, k := range m.tabs {
		if errs[i] != nil {
			r.Fatalf("%s in %s: %v", k.user, k.room, errs[i])
		}
	}
}

// check compares what the tabs of a room received in a step with each other and with the
// operations. A tab that stayed received everything. A tab that joined received everything from
// then on.
func (m *roomsModel) check(r *rapid.T, room *modelRoom, ops []*operation, stayed, opened []*tab) {
	all := slices.Concat(stayed, opened)
	if len(all) == 0 {
		room.people = nil
		return
	}
	reference := all[0]
	if len(stayed) == 0 {
		// The tab that joined first received most.
		reference = slices.MaxFunc(all, func(a, b *tab) int { return len(a.received) - len(b.received) })
	}
	for _, k := range stayed {
		if !slices.Equal(k.received, reference.received) {
			r.Fatalf("in %s, %s received %q\nand %s received %q", room.id, k.user, k.received, reference.user, reference.received)
		}
	}
	present := room.follow(r, ops, reference, len(stayed) > 0)
	for _, op := range ops {
		if op.kind != "open" || !slices.Contains(opened, op.tab) {
			continue
		}
		k, missed := op.tab, len(reference.received)-len(op.tab.received)
		if missed < 0 || !slices.Equal(reference.received[missed:], k.received) {
			r.Fatalf("in %s, %s joined and received %q\nand %s received %q", room.id, k.user, k.received, reference.user, reference.received)
		}
		if present[missed].count != op.first.Participants {
			r.Fatalf("in %s, %s joined and got %d participants, want %d", room.id, k.user, op.first.Participants, present[missed].count)
		}
		if len(stayed) > 0 && !slices.Contains(present[missed].people, k.user) {
			r.Fatalf("in %s, %s joined, and the others received no \"user_joined\": %q", room.id, k.user, reference.received)
		}
	}
}

// presence is who is in a room between two messages.
type presence struct {
	count  int
	people []string // nil if no tab was there during the whole step
}

// follow goes through what the reference received in a step. It returns who was in the room
// before each message and after the last one.
func (room *modelRoom) follow(r *rapid.T, ops []*operation, reference *tab, stayed bool) []presence {
	now := presence{len(room.people), slices.Clone(room.people)}
	if !stayed {
		for _, op := range ops {
			if op.tab == reference {
				now = presence{count: op.first.Participants}
			}
		}
	}
	present := []presence{now}
	count := map[string]int{} // what was received minus what was done, by kind and user
	last := ""
	for _, f := range reference.received {
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
			count["send "+e.UserID+string(e.Content)]++
			present = append(present, now)
			continue
		case "user_joined":
			now = presence{now.count + 1, append(slices.Clone(now.people), e.UserID)}
		case "user_left":
			there = !there
			now = presence{now.count - 1, slices.DeleteFunc(slices.Clone(now.people), func(u string) bool { return u == e.UserID })}
		default:
			r.Fatalf("%s received %s", room.id, f)
		}
		count[e.Type+" "+e.UserID]++
		if stayed && there || e.RoomInfo.Participants != now.count {
			r.Fatalf("in %s with %v before the step, %s is wrong in %q", room.id, room.people, f, reference.received)
		}
		present = append(present, now)
	}
	for _, op := range ops {
		if op.tab.room != room.id {
			continue
		}
		count[map[string]string{
			"open": "user_joined " + op.tab.user, "leave": "user_left " + op.tab.user, "reset": "user_left " + op.tab.user,
			"send": "send " + op.tab.user + op.content,
		}[op.kind]]--
	}
	for what, n := range count {
		// Nothing is received of a tab that joins or leaves while its user has another one.
		if n > 0 || n < 0 && strings.HasPrefix(what, "send ") {
			r.Fatalf("in %s, %q was received %+d times too often: %q", room.id, what, n, reference.received)
		}
	}
	room.people = now.people
	if !stayed {
		room.people = nil // compare takes it from the list of rooms
	}
	return present
}

// compare compares the list of rooms with the model.
func (m *roomsModel) compare(r *rapid.T, list []harness.ListedRoom, began time.Time) {
	var listed, want []string
	for _, l := range list {
		listed = append(listed, l.ID)
		if !slices.Contains(m.order, l.ID) {
			m.order = append(m.order, l.ID)
			if l.CreatedAt < began.Unix() || l.CreatedAt > time.Now().Unix() {
				r.Fatalf("%s has created_at %d, which is not now", l.ID, l.CreatedAt)
			}
		}
		room := m.rooms[l.ID]
		if l.Title != room.title || l.CreatedBy != room.createdBy || l.Participants != len(l.ParticipantList) {
			r.Fatalf("the list of rooms has %+v, want %+v", l, room)
		}
		for _, p := range l.ParticipantList {
			if p.Name != nameOf(p.ID) {
				r.Fatalf("the list of rooms has a wrong name: %+v", l)
			}
		}
		if room.people != nil && !slices.Equal(usersOf(&l), room.people) {
			r.Fatalf("the list of rooms has %v in %s, want %v, in the order in which they joined", usersOf(&l), l.ID, room.people)
		}
		room.people = usersOf(&l)
	}
	for _, id := range m.order {
		if slices.ContainsFunc(m.tabs, func(k *tab) bool { return k.room == id }) {
			want = append(want, id)
		}
	}
	if !slices.Equal(listed, want) {
		r.Fatalf("the list has the rooms %v, want %v, the oldest first", listed, want)
	}
}

// end closes all tabs, and waits until the server lists no room of the run.
func (m *roomsModel) end(r *rapid.T) {
	for _, k := range m.dialed {
		k.Reset()
	}
	if !r.Failed() {
		m.waitList(r, map[string][]string{})
	}
}

// An empty room is not listed. Users can join it for --room-linger, then it does not exist any
// more.
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
			t.Errorf("the answer to %s is %s, and %d rooms are listed", action, first, listed(s))
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
	harness.Eventually(t, "the room does not exist any more", func() bool {
		return strings.Contains(s.Metrics(t), "\ntablewire_rooms 0\n")
	})
	if _, first := harness.Join(t, s, "rooms/r", hello("join")); first != notFound {
		t.Errorf("the answer to join is %s, want %s", first, notFound)
	}
}
