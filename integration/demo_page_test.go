package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// A person who has just started the demo and has no client of the database finds rows at once,
// buttons that change them, examples of filters that match, and the steps for a database of
// their own.
func TestDemoPage(t *testing.T) {
	t.Parallel()
	browser := findBrowser(t)
	d := startDemo(t, demoDir(t), "127.0.0.1:0")
	p := openPage(t, browser, d.page)
	p.want(t, "the rows are there at once", `document.querySelectorAll('#rows tr').length === 10 && $('#total').textContent === '0'`)

	p.click(t, "#insert")
	p.want(t, "a row is inserted", `document.querySelectorAll('#rows tr').length === 11 && $('#rows tr').classList.contains('new')`)
	p.want(t, "the page shows the statement", `$('#statement').textContent.startsWith('INSERT INTO orders') && $('#statement').textContent.endsWith('changed 1 row.')`)
	p.click(t, "#update")
	p.want(t, "the first row is changed", `$('#rows tr [data-column="total"] .changed')`)
	p.want(t, "the changed value is in sight", `(() => { const { right } = $('#rows .changed').getBoundingClientRect(); return right < $('.scroll').getBoundingClientRect().right; })()`)
	p.want(t, "the page shows the statement", `$('#statement code').textContent === 'UPDATE orders SET total = total + 5 WHERE id = ' + $('#rows tr').dataset.key`)

	for _, table := range []string{"orders", "products", "couriers", "reviews"} {
		p.click(t, `[data-collection="`+table+`"]`)
		p.want(t, table+" has rows", `$('#state').dataset.state === 'live' && $('#rows tr') && $('#frames code').textContent.includes('"collection_id":"`+table+`"')`)
		examples, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll('#chips .chip')].map((chip) => chip.textContent).filter((text) => text !== 'A mistake')`))
		if err != nil || len(examples) < 2 {
			t.Fatalf("the examples of %s: %v, %v", table, examples, err)
		}
		all, err := chromedp.Run(p.ctx, chromedp.Evaluate[int](`document.querySelectorAll('#rows tr').length`))
		if err != nil {
			t.Fatal(err)
		}
		for i, example := range examples {
			p.click(t, fmt.Sprintf("#chips .chip:nth-child(%d)", i+1))
			p.want(t, fmt.Sprintf("%s: %q matches some rows at once", table, example),
				fmt.Sprintf(`$('#chips .chip:nth-child(%d)').ariaPressed === 'true' && (({ length }) => length > 0 && length < %d)(document.querySelectorAll('#rows tr'))`, i+1, all))
			if table == "orders" {
				p.click(t, "#insert")
				p.want(t, "a new row may not match", `$('#statement').textContent.includes('The filter decides')`)
			}
			p.click(t, fmt.Sprintf("#chips .chip:nth-child(%d)", i+1))
			p.want(t, "without the example all rows are back", fmt.Sprintf(`document.querySelectorAll('#rows tr').length >= %d`, all))
		}
		p.click(t, "#update")
		p.want(t, "a row of "+table+" is changed", `$('#statement').textContent.startsWith('UPDATE `+table+`') && $('#rows .changed')`)
	}

	p.click(t, `[data-collection="orders"]`)
	p.filter(t, "status=placed")
	p.want(t, "the placed orders are there", `$('#rows tr') && [...document.querySelectorAll('#rows [data-column="status"]')].every((td) => td.textContent === 'placed')`)
	d.Run(t, `UPDATE orders SET status = 'paid' WHERE status = 'placed'`)
	p.want(t, "a row that does not match any more is removed", `document.querySelectorAll('#rows tr:not([data-gone])').length === 0 && !$('#empty').hidden`)
	d.Run(t, `UPDATE orders SET status = 'placed' WHERE id = 1007`)
	p.want(t, "a row that matches now appears", `document.querySelectorAll('#rows tr:not([data-gone])').length === 1`)

	p.click(t, "#own-open")
	p.want(t, "the steps for one's own database are the README's", fmt.Sprintf(`$('#own').open && $('#own-sql').textContent === %q && $('#own-sh').textContent === %q && $('#own-list').textContent === %q`,
		strings.TrimSpace(docBlocks(t, "README.md", "sql", 2)[0]), strings.TrimSpace(docBlocks(t, "README.md", "sh", 2)[0]), strings.TrimSpace(docBlocks(t, "README.md", "sh", 2)[1])))
	p.click(t, "#own-close")
	p.want(t, "the steps can be closed", `!$('#own').open && document.activeElement.id === 'own-open'`)
	for _, m := range p.complaints() {
		t.Errorf("the browser's console has: %s", m)
	}
}
