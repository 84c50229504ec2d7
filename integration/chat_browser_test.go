package integration

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// Two people use the demo's chat, each in a window of their own.
func TestBrowserChat(t *testing.T) {
	t.Parallel()
	browser := findBrowser(t)
	d := startDemo(t, demoDir(t), "127.0.0.1:0")
	second := openPage(t, browser, d.page)
	first := second.window(t, d.page)
	ada, bob := first.become(t, "Ada"), second.become(t, "Bob")

	for _, p := range []*page{first, second} {
		p.want(t, "the page counts both people", `$('#room-state').textContent === '2 here'`)
		p.want(t, "the page names both people", `[...$('#people').children].map((li) => li.textContent).sort().join().replace('you', '') === 'Ada,Bob'`)
	}
	if ada == bob {
		t.Errorf("both windows are the user %s", ada)
	}

	const markup = `<img src=x onerror="window.ran = true"> 你好`
	first.say(t, "room", markup)
	second.want(t, "the second window shows the first one's message, as text", saidBy("room", ada, markup))
	second.want(t, "the message has its sender", lastMessage("room")+`.querySelector('.who').textContent === 'Ada' && !('mine' in `+lastMessage("room")+`.dataset)`)
	second.say(t, "room", "Hello Ada")
	first.want(t, "the first window shows the second one's message", saidBy("room", bob, "Hello Ada"))
	second.want(t, "the second window shows its own message", saidBy("room", bob, "Hello Ada"))
	second.want(t, "the second window marks its own message", `'mine' in `+lastMessage("room")+`.dataset && $('#room-say input').value === ''`)
	second.want(t, "markup makes no element and runs nothing", `!document.querySelector('main img') && window.ran === undefined`)

	first.click(t, `#wire-filter [data-only="room"]`)
	first.want(t, "the page shows only the room's frames", `[...document.querySelectorAll('#frames li')].every((li) => li.checkVisibility() === (li.dataset.socket === 'room'))`)
	first.want(t, "the frames are as they came", `$('#frames li[data-socket="room"] code').textContent.startsWith('{"type":"message","user_id":"`+bob+`","user_name":"Bob","content":"Hello Ada","timestamp":"')`)

	second.click(t, "#talk-broadcast")
	second.say(t, "broadcast", "Tea is ready")
	for _, p := range []*page{first, second} {
		p.want(t, "every window shows an announcement", `$('#toasts .toast .who').textContent === 'Bob' && $('#toasts .toast .text').textContent === 'Tea is ready'`)
		p.want(t, "the announcement stays in the list", saidBy("broadcast", bob, "Tea is ready"))
	}
	first.want(t, "the list counts it as unread", `$('#talk-broadcast .unread').textContent === '1' && $('#talk-room .unread').hidden`)

	if again := first.reload(t); again != ada {
		t.Errorf("after a reload the window is user %s, want %s", again, ada)
	}
	first.want(t, "after a reload the window is in the room again, by the same name", `$('#room-state').textContent === '2 here' && $('#me').value === 'Ada'`)
	second.want(t, "the other window says once that Ada is back", happened("back", ada, "Ada is back"))

	first.enter(t, "kitchen")
	second.want(t, "the second window says that Ada left for another room", happened("left", ada, "Ada left"))
	first.want(t, "Ada is alone in the other room", `$('#room-state').textContent === '1 here' && $('#room-log').childElementCount === 0`)
	first.enter(t, "lobby")
	second.want(t, "the second window says that Ada is back", happened("back", ada, "Ada is back")+` && $('#room-state').textContent === '2 here'`)

	first.close(t)
	second.want(t, "the second window says that Ada left", happened("left", ada, "Ada left"))
	second.want(t, "Bob is alone", `$('#room-state').textContent === '1 here' && $('#people').childElementCount === 1`)
	for _, m := range second.complaints() {
		t.Errorf("the browser's console has: %s", m)
	}

	d.stop(t)
	second.want(t, "the chat says that the connection is lost", `$('#room-state').dataset.state === 'waiting' && $('#broadcast-state').dataset.state === 'waiting'`)
	second.say(t, "broadcast", "Anybody?")
	second.want(t, "a message that can't be sent stays in its field", `$('#broadcast-say input').value === 'Anybody?' && $('#broadcast-error').textContent.includes('Not connected')`)
	startDemo(t, demoDir(t), strings.TrimSuffix(strings.TrimPrefix(d.page, "http://"), "/"))
	second.want(t, "the chat connects again by itself", `$('#room-state').textContent === '1 here' && $('#broadcast-state').dataset.state === 'live'`)
	second.click(t, "#broadcast-say button")
	second.want(t, "the message can be sent then", saidBy("broadcast", bob, "Anybody?"))
}

// saidBy returns an expression: the newest message is this one.
func saidBy(where, user, text string) string {
	last := lastMessage(where)
	return last + `.dataset.user === '` + user + `' && ` + last + `.querySelector('.text').textContent === '` + text + `'`
}

func lastMessage(where string) string {
	return `[...document.querySelectorAll('#` + where + `-log .message')].at(-1)`
}

// happened returns an expression: the newest line of the room says this of a user.
func happened(kind, user, text string) string {
	const last = `$('#room-log').lastElementChild`
	return last + `.dataset.kind === '` + kind + `' && ` + last + `.dataset.user === '` + user + `' && ` + last + `.firstElementChild.textContent === '` + text + `'`
}

// become gives the person at a page a name, and returns the user id.
func (p *page) become(t *testing.T, name string) string {
	t.Helper()
	p.want(t, "the page is in the room", `$('#room-state').dataset.state === 'live' && $('#broadcast-state').dataset.state === 'live'`)
	p.typeInto(t, "#me", name+"\r")
	p.want(t, "the page is in the room by its new name", `$('#room-log').textContent.includes('You are now `+name+`') && $('#broadcast-state').dataset.state === 'live'`)
	return p.user(t)
}

// user returns the user id of the page.
func (p *page) user(t *testing.T) string {
	t.Helper()
	const mine = `$('#people .person:has(.you)').dataset.user`
	p.want(t, "the page shows who its person is", mine)
	id, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](strings.Replace(mine, "$", "document.querySelector", 1)))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// reload loads the page again, and returns the user id.
func (p *page) reload(t *testing.T) string {
	t.Helper()
	if err := chromedp.Do(p.ctx, chromedp.Reload()); err != nil {
		t.Fatalf("reload: %v", err)
	}
	return p.user(t)
}

func (p *page) say(t *testing.T, where, text string) {
	t.Helper()
	p.typeInto(t, "#"+where+"-say input", text+"\r")
}

// enter goes to another room and waits until the page is there.
func (p *page) enter(t *testing.T, room string) {
	t.Helper()
	p.typeInto(t, "#room-id", room+"\r")
	p.want(t, "the page is in "+room, `$('#room-state').dataset.state === 'live' && $('#frames li[data-socket="room"][data-event="joined"] code').textContent.includes('"room_id":"`+room+`"')`)
}

// typeInto replaces the text of an input.
func (p *page) typeInto(t *testing.T, selector, text string) {
	t.Helper()
	err := chromedp.Do(p.ctx,
		chromedp.Evaluate[chromedp.Void](`document.querySelector('`+selector+`').select()`),
		chromedp.SendKeys(chromedp.CSS(selector), text))
	if err != nil {
		t.Fatalf("type %q into %s: %v", text, selector, err)
	}
}

// window opens another window of the same browser.
func (p *page) window(t *testing.T, url string) *page {
	t.Helper()
	ctx, cancel := chromedp.NewContext(p.ctx)
	opened := &page{ctx: ctx}
	t.Cleanup(func() {
		if t.Failed() {
			opened.logPointer(t)
		}
		cancel()
	})
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1440, 900), withPointer(), chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	return opened
}

// close closes a window.
func (p *page) close(t *testing.T) {
	t.Helper()
	if err := chromedp.Cancel(p.ctx); err != nil {
		t.Fatalf("close the window: %v", err)
	}
}
