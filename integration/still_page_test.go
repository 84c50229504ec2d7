package integration

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// layoutScript returns a line for each control of the demo's page that moves while something
// else appears or disappears.
const layoutScript = `(async () => {
	const $ = (selector) => document.querySelector(selector);
	const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
	const places = () => new Map(['#tabs', '#insert', '#update', '#pause', '#filter', '#filter-form [type="submit"]', '#chips', '.help'].map((selector) => {
		const { x, y } = $(selector).getBoundingClientRect();
		return [selector, [x, y + scrollY].map(Math.round).join()];
	}));
	const text = (id, words) => () => { $(id).textContent = words; };
	const show = (id, words) => () => { $(id).hidden = false; $(id).textContent = words; };
	const state = (words) => () => { document.body.classList.add('offline'); $('#state-text').textContent = words; };
	const changes = {
		'a connection is made': [state('Connecting')],
		'a connection is refused': [state('Refused, 4400')],
		'a connection is waited for': [state('Back in 15 s'), () => { $('#retry').hidden = false; }],
		'events are counted': [text('#total', '1,234'), text('#rate', '12.3')],
		'a filter can be cleared': [() => { $('#clear').hidden = false; }],
		'a statement is shown': [show('#statement', 'statement '.repeat(40))],
		'an error is shown': [show('#error', 'error '.repeat(40))],
		'the page is paused': [text('#pause-label', 'Resume'), show('#held', '12'), () => $('#pause').setAttribute('aria-pressed', true)],
		'there are no rows': [() => { $('#empty').hidden = false; $('#table').hidden = true; }],
	};
	const moved = [];
	await frame();
	const before = places();
	for (const [change, steps] of Object.entries(changes)) {
		const restore = ['#state-text', '#retry', '#total', '#rate', '#clear', '#statement', '#error', '#pause-label', '#held', '#empty', '#table'].map((id) => {
			const { hidden, childElementCount, textContent } = $(id);
			return () => { $(id).hidden = hidden; if (childElementCount === 0) $(id).textContent = textContent; };
		});
		for (const step of steps) step();
		await frame();
		for (const [control, place] of places()) if (place !== before.get(control)) moved.push(change + ': ' + control + ' goes from ' + before.get(control) + ' to ' + place);
		if (document.documentElement.scrollWidth > innerWidth) moved.push(change + ': the page is wider than the screen');
		for (const back of restore) back();
		$('#pause').setAttribute('aria-pressed', false);
		document.body.classList.remove('offline');
		await frame();
	}
	return moved;
})()`

// No control of the demo's page moves when something appears or disappears by itself, so
// that a person who is about to press a control hits it.
func TestStillPage(t *testing.T) {
	t.Parallel()
	browser := findBrowser(t)
	d := startDemo(t, demoDir(t), "127.0.0.1:0")
	p := openPage(t, browser, d.page)
	p.want(t, "the rows are there", `$('#rows tr')`)
	for _, width := range []int64{320, 360, 390, 430, 640, 700, 768, 900, 960, 1024, 1200, 1280, 1440, 1920} {
		if err := chromedp.Do(p.ctx, chromedp.EmulateViewport(width, 900)); err != nil {
			t.Fatal(err)
		}
		moved, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]string](layoutScript, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range moved {
			t.Errorf("%d pixels wide: %s", width, line)
		}
	}
}

// The page does not replace an element that is pressed or has the focus, because the new
// element would have neither.
func TestStillElements(t *testing.T) {
	t.Parallel()
	browser := findBrowser(t)
	d := startDemo(t, demoDir(t), "127.0.0.1:0")
	p := openPage(t, browser, d.page)
	p.want(t, "the rows are there", `$('#rows tr')`)
	p.do(t, `globalThis.before = [...document.querySelectorAll('#tabs button, #chips button')]`)
	p.click(t, "#chips .chip:nth-child(2)")
	p.want(t, "the chip is pressed", `$('#chips .chip:nth-child(2)').ariaPressed === 'true' && document.activeElement === $('#chips .chip:nth-child(2)')`)
	p.want(t, "the page replaced no element", `before.every((element) => element.isConnected)`)
	p.click(t, `[data-collection="products"]`)
	p.want(t, "the tab is chosen", `$('#tab-products').ariaSelected === 'true' && document.activeElement === $('#tab-products')`)
	p.want(t, "the page replaced no tab", `before.every((element) => element.isConnected === (element.role === 'tab'))`)
}

// The page tries again to load rows after a failure. It does not load those of a table that it
// does not show any more.
func TestLoadedLater(t *testing.T) {
	t.Parallel()
	browser := findBrowser(t)
	d := startDemo(t, demoDir(t), "127.0.0.1:0")
	p := openPage(t, browser, d.page)
	p.want(t, "the rows are there", `$('#rows tr')`)
	p.do(t, `const real = fetch;
		globalThis.asked = [];
		globalThis.fetch = (url, ...rest) => asked.push(String(url)) <= 3 ? Promise.reject(new Error('not now')) : real(url, ...rest)`)
	p.click(t, `[data-collection="products"]`)
	p.want(t, "the page says that it could not load them", `$('#say').textContent.includes('not now')`)
	d.Run(t, `UPDATE products SET stock = 41 WHERE sku = 'TEA-01'`)
	p.want(t, "a row that changes meanwhile appears", `$('tr[data-key="TEA-01"]')`)
	p.want(t, "all rows are there afterwards", `document.querySelectorAll('#rows tr:not(.stale)').length === 18 && asked.length === 4`)

	p.do(t, `asked.length = 0`)
	p.click(t, `[data-collection="couriers"]`)
	p.want(t, "the page requests the rows", `asked.length > 0 || $('#rows tr')`)
	p.click(t, `[data-collection="reviews"]`)
	p.want(t, "the page shows another table", `$('#rows tr') && $('#state').dataset.state === 'live'`)
	p.want(t, "the page does not request the rows of the table before again", `asked.filter((url) => url.includes('couriers')).length <= 3`)
}
