package integration

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/tablewire/tablewire/integration/harness"
)

// The demo's page shows the rows and their changes in a real browser. It survives a restart of
// the demo.
func TestBrowser(t *testing.T) {
	t.Parallel()
	browser := findBrowser(t)
	dir := demoDir(t)
	d := startDemo(t, dir, "127.0.0.1:0")
	p := openPage(t, browser, d.page)
	p.want(t, "the page is connected", `$('#state').dataset.state === 'live'`)

	const markup = `<img src=x onerror="window.ran = true"><script>window.ran = true</script>`
	order := func(customer, status string) int64 {
		t.Helper()
		return harness.Query[int64](t, d.Database, `INSERT INTO orders (customer, city, status, total, items, note)
			VALUES ($1, 'Lisbon', $2::order_status, 12.50, '[{"sku": "TEA-01", "qty": 1}]', $1) RETURNING id`, customer, status)[0]
	}

	id := order(markup, "placed")
	row := fmt.Sprintf(`$('tr[data-key="%d"]')`, id)
	cell := func(column string) string { return fmt.Sprintf(`%s.querySelector('[data-column="%s"]')`, row, column) }
	p.want(t, "an inserted row appears", row)
	p.want(t, "the page counts it as one event", `$('#total').textContent === '1' && $('#total-of').textContent === 'event'`)
	p.want(t, "numbers keep their digits", cell("total")+`.textContent === '12.50'`)
	p.want(t, "the page shows markup in a row as text", fmt.Sprintf(`%s.textContent === %q`, cell("customer"), markup))
	p.want(t, "the page shows the frame as it came", `$('#frames li[data-event="create"] code').textContent.startsWith('{"event":"create","collection_id":"orders","data":{"id":')`)
	p.want(t, "the page shows what it sent", `$('#frames li[data-socket="table"][data-direction="sent"] code').textContent === '{"api_key":"demo","filters":{},"transitions":true}'`)
	p.want(t, "markup makes no element and runs nothing", `!document.querySelector('main img, main script') && window.ran === undefined`)

	d.Run(t, `UPDATE orders SET status = 'paid' WHERE id = $1`, id)
	p.want(t, "an update shows the new value", cell("status")+`.querySelector('.changed')?.textContent === 'paid'`)
	p.want(t, "the update shows the old value", cell("status")+`.querySelector('del').textContent === 'placed'`)
	p.want(t, "the update does not change the other cells", cell("customer")+`.querySelector('.changed') === null`)

	p.want(t, "rows that were there before are there, too", `[...document.querySelectorAll('#rows tr')].some((tr) => tr.textContent.includes('Priya Raman'))`)

	d.Run(t, `DELETE FROM orders WHERE id = $1`, id)
	p.want(t, "a deleted row is removed", row+` === null`)

	p.click(t, "#pause")
	id = order("Held Back", "placed")
	row = fmt.Sprintf(`$('tr[data-key="%d"]')`, id)
	p.want(t, "the page counts events during the pause", `$('#held').textContent === '1'`)
	p.want(t, "the table does not change during the pause", row+` === null`)
	p.click(t, "#pause")
	p.want(t, "the table catches up", row)

	p.filter(t, "total_gte=lots")
	p.want(t, "the page shows the server's error", `$('#error').textContent.includes('Invalid filter: total_gte') && $('#error').textContent.includes('4400')`)
	p.want(t, "the state is refused", `$('#state').dataset.state === 'refused'`)
	p.filter(t, "status")
	p.want(t, "the page refuses what is not a filter, without asking the server", `$('#error').textContent.includes('column=value')`)

	p.filter(t, `total_gte=12.50 total_lt=12345678901234567890123 customer_ne="5" city_ne=007 total_ne=-1e0`)
	p.want(t, "the page sends numbers as numbers, digit for digit, and text as text", `$('#frames li[data-socket="table"][data-direction="sent"] code').textContent ===
		'{"api_key":"demo","filters":{"total_gte":12.50,"total_lt":12345678901234567890123,"customer_ne":"5","city_ne":"007","total_ne":-1e0},"transitions":true}'`)
	p.want(t, "the page is connected with them", `$('#frames li[data-socket="table"][data-direction="received"] code').textContent.includes('"connected"') && $('#state').dataset.state === 'live'`)
	id = order("Numbered", "placed")
	p.want(t, "a row that matches them appears", fmt.Sprintf(`$('tr[data-key="%d"]')`, id))

	p.filter(t, `status=packed customer_contains="of two"`)
	p.want(t, "the page connects again with a valid filter", `$('#state').dataset.state === 'live' && $('#error').hidden`)
	order("One of Two", "placed")
	id = order("One of Two", "packed")
	p.want(t, "a row that matches appears", fmt.Sprintf(`$('tr[data-key="%d"]')`, id))
	p.want(t, "a row that does not match does not appear", `document.querySelectorAll('#rows tr').length === 1`)

	p.click(t, `[data-collection="products"]`)
	p.want(t, "the page is subscribed to another table", `$('#state').dataset.state === 'live' && $('#frames li[data-event="connected"] code').textContent.includes('products')`)
	p.want(t, "the table's rows are there", `document.querySelectorAll('#rows tr').length === 18`)
	d.Run(t, `UPDATE products SET stock = 41 WHERE sku = 'TEA-01'`)
	p.want(t, "its rows have the table's key", `$('tr[data-key="TEA-01"] [data-column="stock"] del').textContent === '42'`)

	d.stop(t)
	p.want(t, "the page says that the connection is lost", `$('#state').dataset.state === 'waiting'`)
	d = startDemo(t, dir, strings.TrimSuffix(strings.TrimPrefix(d.page, "http://"), "/"))
	p.want(t, "the page connects again by itself", `$('#state').dataset.state === 'live'`)
	p.want(t, "the page has the rows that are there now", `document.querySelectorAll('#rows tr').length === 18 && !document.querySelector('#rows .stale')`)
	d.Run(t, `UPDATE products SET stock = 40 WHERE sku = 'TEA-01'`)
	// The change before may come again after the restart, so the old value may be 41 or 42.
	p.want(t, "the page gets events again", `$('tr[data-key="TEA-01"] [data-column="stock"] .changed').textContent === '40'`)
	d.stop(t)

	for _, m := range p.complaints() {
		if !strings.Contains(m, "WebSocket connection to") { // while the server was away
			t.Errorf("the browser's console has: %s", m)
		}
	}
}

// demo is a process of "tablewire demo" and its database, in which only the test changes rows.
type demo struct {
	*harness.Process
	*harness.Database
	page string
}

func startDemo(t *testing.T, dir, listen string) *demo {
	t.Helper()
	p := harness.Start(t, nil, "demo", "--pace", "0", "--data-dir", dir, "--listen", listen, "--admin-listen", "127.0.0.1:0")
	page := p.WaitLine(t, `^ +(http://\S+/)$`)[1]
	return &demo{Process: p, page: page, Database: harness.Connect(t, p.WaitLine(t, `Database +(\S+)$`)[1])}
}

func (d *demo) stop(t *testing.T) {
	t.Helper()
	d.Signal(t, syscall.SIGTERM)
	if code := d.WaitExit(t, 10*time.Second); code != 0 {
		t.Errorf("after SIGTERM the demo ended with exit code %d:\n%s", code, d.Output())
	}
}

// demoDir returns a folder that PostgreSQL can reach when it runs as another user.
func demoDir(t *testing.T) string {
	t.Helper()
	parent, err := os.MkdirTemp("", "tablewire-demo-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(parent) }) // a temporary folder
	if err := os.Chmod(parent, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(parent, "data")
}

// findBrowser returns the path of Chromium or Chrome. Without one it skips the test, unless
// the variable CI is set.
func findBrowser(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out what starts a browser")
	}
	for _, name := range []string{
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "headless-shell",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
	} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const missing = "no Chromium or Chrome found: apt-get install chromium"
	if os.Getenv("CI") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// page is a page in a browser. The browser ends with the test.
type page struct {
	ctx      context.Context
	messages chan string // errors and warnings of the browser's console
}

func openPage(t *testing.T, browser, url string) *page {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browser), chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	if os.Geteuid() == 0 || os.Getenv("CI") != "" {
		options = append(options, chromedp.NoSandbox) // Chromium's sandbox works neither for root nor in many containers
	}
	allocator, stop := chromedp.NewExecAllocator(background(t), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	p := &page{ctx: ctx, messages: make(chan string, 1000)}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1440, 900), withPointer()); err != nil {
		t.Fatalf("start %s: %v", browser, err)
	}
	read := make(chan struct{})
	console := chromedp.Console(ctx)
	go func() {
		defer close(read)
		for m, err := range console {
			if err != nil {
				return
			}
			p.messages <- fmt.Sprint(m)
		}
	}()
	t.Cleanup(func() {
		if t.Failed() {
			p.logPointer(t)
			if text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`)); err == nil {
				t.Logf("the page shows:\n%s", text)
			}
		}
		closing, done := context.WithTimeout(ctx, harness.Patience)
		defer done()
		if err := chromedp.Cancel(closing); err != nil {
			t.Logf("close the browser: %v", err)
		}
		cancel()
		stop()
		<-read
	})
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	return p
}

// want waits until an expression about the page is true. In it, $ is querySelector. The page
// evaluates it at each change of the document.
func (p *page) want(t *testing.T, what, expression string) {
	t.Helper()
	held, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](fmt.Sprintf(`new Promise((resolve) => {
		const $ = (selector) => document.querySelector(selector);
		const holds = () => { try { return Boolean(%s); } catch { return false; } };
		const observer = new MutationObserver(() => holds() && end(true));
		const end = (held) => { observer.disconnect(); resolve(held); };
		observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
		setTimeout(() => end(false), %d);
		if (holds()) end(true);
	})`, expression, harness.Patience.Milliseconds()), chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if !held {
		t.Fatalf("this did not become true: %s\n%s", what, expression)
	}
}

// filter replaces the filter of the page.
func (p *page) filter(t *testing.T, text string) {
	t.Helper()
	err := chromedp.Do(p.ctx,
		chromedp.Evaluate[chromedp.Void](`document.querySelector('#filter').select()`),
		chromedp.SendKeys(chromedp.CSS("#filter"), text+"\r"))
	if err != nil {
		t.Fatalf("type %s: %v", text, err)
	}
}

// complaints returns the errors and warnings that the browser's console has got since the last
// call.
func (p *page) complaints() []string {
	var all []string
	for {
		select {
		case m := <-p.messages:
			all = append(all, m)
		default:
			return all
		}
	}
}
