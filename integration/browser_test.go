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

// The demo's page in a real browser, as somebody sees it who has just started it.
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
	p.want(t, "and is counted as one", `$('#total').textContent === '1' && $('#total-of').textContent === 'event'`)
	p.want(t, "numbers keep their digits", cell("total")+`.textContent === '12.50'`)
	p.want(t, "markup in a row is text", fmt.Sprintf(`%s.textContent === %q`, cell("customer"), markup))
	p.want(t, "the frame is shown as it came", `$('#frames li[data-event="create"] code').textContent.startsWith('{"event":"create","collection_id":"orders","data":{"id":')`)
	p.want(t, "so is what the page sent", `$('#frames li[data-socket="table"][data-direction="sent"] code').textContent === '{"api_key":"demo","filters":{},"transitions":true}'`)
	p.want(t, "markup makes no elements and runs nothing", `!document.querySelector('main img, main script') && window.ran === undefined`)

	d.Run(t, `UPDATE orders SET status = 'paid' WHERE id = $1`, id)
	p.want(t, "an update shows the new value", cell("status")+`.querySelector('.changed')?.textContent === 'paid'`)
	p.want(t, "and the old one", cell("status")+`.querySelector('del').textContent === 'placed'`)
	p.want(t, "and leaves the other cells alone", cell("customer")+`.querySelector('.changed') === null`)

	p.want(t, "the rows that there were are there too", `[...document.querySelectorAll('#rows tr')].some((tr) => tr.textContent.includes('Priya Raman'))`)

	d.Run(t, `DELETE FROM orders WHERE id = $1`, id)
	p.want(t, "a deleted row goes", row+` === null`)

	p.click(t, "#pause")
	id = order("Held Back", "placed")
	row = fmt.Sprintf(`$('tr[data-key="%d"]')`, id)
	p.want(t, "events are counted in the pause", `$('#held').textContent === '1'`)
	p.want(t, "the table holds still in the pause", row+` === null`)
	p.click(t, "#pause")
	p.want(t, "the table catches up", row)

	p.filter(t, "total_gte=lots")
	p.want(t, "the server's error is shown", `$('#error').textContent.includes('Invalid filter: total_gte') && $('#error').textContent.includes('4400')`)
	p.want(t, "and the state", `$('#state').dataset.state === 'refused'`)
	p.filter(t, "status")
	p.want(t, "what is no filter is told without asking the server", `$('#error').textContent.includes('column=value')`)

	p.filter(t, `total_gte=12.50 total_lt=12345678901234567890123 customer_ne="5" city_ne=007 total_ne=-1e0`)
	p.want(t, "numbers are sent as numbers, digit for digit, and text as text", `$('#frames li[data-socket="table"][data-direction="sent"] code').textContent ===
		'{"api_key":"demo","filters":{"total_gte":12.50,"total_lt":12345678901234567890123,"customer_ne":"5","city_ne":"007","total_ne":-1e0},"transitions":true}'`)
	p.want(t, "and are connected with", `$('#frames li[data-socket="table"][data-direction="received"] code').textContent.includes('"connected"') && $('#state').dataset.state === 'live'`)
	id = order("Numbered", "placed")
	p.want(t, "and mean what they should", fmt.Sprintf(`$('tr[data-key="%d"]')`, id))

	p.filter(t, `status=packed customer_contains="of two"`)
	p.want(t, "a good filter connects again", `$('#state').dataset.state === 'live' && $('#error').hidden`)
	order("One of Two", "placed")
	id = order("One of Two", "packed")
	p.want(t, "a row that matches appears", fmt.Sprintf(`$('tr[data-key="%d"]')`, id))
	p.want(t, "and none that does not", `document.querySelectorAll('#rows tr').length === 1`)

	p.click(t, `[data-collection="products"]`)
	p.want(t, "another table is watched", `$('#state').dataset.state === 'live' && $('#frames li[data-event="connected"] code').textContent.includes('products')`)
	p.want(t, "its rows are there", `document.querySelectorAll('#rows tr').length === 18`)
	d.Run(t, `UPDATE products SET stock = 41 WHERE sku = 'TEA-01'`)
	p.want(t, "its rows have their own key", `$('tr[data-key="TEA-01"] [data-column="stock"] del').textContent === '42'`)

	d.stop(t)
	p.want(t, "the page says that the server has gone", `$('#state').dataset.state === 'waiting'`)
	d = startDemo(t, dir, strings.TrimSuffix(strings.TrimPrefix(d.page, "http://"), "/"))
	p.want(t, "and connects by itself when it is back", `$('#state').dataset.state === 'live'`)
	p.want(t, "with the rows that there are now", `document.querySelectorAll('#rows tr').length === 18 && !document.querySelector('#rows .stale')`)
	d.Run(t, `UPDATE products SET stock = 40 WHERE sku = 'TEA-01'`)
	p.want(t, "and goes on", `$('tr[data-key="TEA-01"] [data-column="stock"] del').textContent === '41'`)
	d.stop(t)

	for _, m := range p.complaints() {
		if !strings.Contains(m, "WebSocket connection to") { // while the server was away
			t.Errorf("the browser complains: %s", m)
		}
	}
}

// demo is the program with a database of its own, in which nothing changes but by
// the test.
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
		t.Errorf("ended with %d after SIGTERM:\n%s", code, d.Output())
	}
}

// demoDir is a folder that PostgreSQL can reach when it runs as another user.
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

// findBrowser gives the path of Chromium or Chrome.
func findBrowser(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
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

// page is a page in a browser, which ends with the test.
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
		options = append(options, chromedp.NoSandbox) // it does not work for root and in many containers
	}
	allocator, stop := chromedp.NewExecAllocator(background(t), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	p := &page{ctx: ctx, messages: make(chan string, 1000)}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1440, 900)); err != nil {
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
			if text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`)); err == nil {
				t.Logf("the page showed:\n%s", text)
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

// want waits until an expression about the page holds, $ being querySelector. It
// looks at each change of the document.
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
		t.Fatalf("not so: %s\n%s", what, expression)
	}
}

func (p *page) click(t *testing.T, selector string) {
	t.Helper()
	if err := chromedp.Do(p.ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		t.Fatalf("click %s: %v", selector, err)
	}
}

// filter types a filter in place of the one that is there.
func (p *page) filter(t *testing.T, text string) {
	t.Helper()
	err := chromedp.Do(p.ctx,
		chromedp.Evaluate[chromedp.Void](`document.querySelector('#filter').select()`),
		chromedp.SendKeys(chromedp.CSS("#filter"), text+"\r"))
	if err != nil {
		t.Fatalf("type %s: %v", text, err)
	}
}

// complaints are what the browser's console has got so far.
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
