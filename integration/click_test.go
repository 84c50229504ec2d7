package integration

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	devtools "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/tablewire/tablewire/integration/harness"
)

// pointerScript logs the pointer's events in a document, each with the time in milliseconds,
// the position and the element. pointer.hit is true once a click has hit the element that
// pointer.aim chose.
const pointerScript = `globalThis.pointer = {
	log: [],
	// aim waits until the element does not move, is in sight and has nothing above it. It
	// returns the element's centre, or [] after patience milliseconds.
	aim(selector, patience) {
		const until = performance.now() + patience;
		this.hit = false;
		let last = '';
		return new Promise((resolve) => {
			const look = () => {
				const element = document.querySelector(selector);
				if (element && element !== this.aimed) {
					element.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' });
					last = '';
				}
				this.aimed = element;
				const { x, y, width, height } = element?.getBoundingClientRect() ?? {};
				const box = [x, y, width, height].join();
				const centre = [x + width / 2, y + height / 2];
				if (element && box === last && element.contains(document.elementFromPoint(...centre))) resolve(centre);
				else if (performance.now() > until) resolve([]);
				else requestAnimationFrame(look);
				last = box;
			};
			look();
		});
	},
};
for (const type of ['mousedown', 'mouseup', 'click']) {
	addEventListener(type, ({ target, clientX, clientY }) => {
		const { tagName, id, className, textContent } = target;
		pointer.log.push([Math.round(performance.now()), type, clientX + ',' + clientY, tagName, id && '#' + id, className, textContent.trim().slice(0, 30)].join(' '));
		if (type === 'click' && pointer.aimed?.contains(target)) pointer.hit = true;
	}, true);
}`

// withPointer makes each document that a window loads from now on run pointerScript.
func withPointer() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, devtools.AddScriptToEvaluateOnNewDocument, devtools.AddScriptToEvaluateOnNewDocumentParams{Source: pointerScript})
		return err
	})
}

// click clicks an element once it does not move. It fails the test if the click hits another
// element: the page has moved under the pointer, as it would under a person's.
func (p *page) click(t *testing.T, selector string) {
	t.Helper()
	at, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]float64](fmt.Sprintf(`pointer.aim(%q, %d)`, selector, harness.Patience.Milliseconds()), chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("aim at %s: %v", selector, err)
	}
	if len(at) != 2 {
		t.Fatalf("%s keeps moving, or is not in sight", selector)
	}
	if err := chromedp.Do(p.ctx, chromedp.MouseClickXY(at[0], at[1])); err != nil {
		t.Fatalf("click %s: %v", selector, err)
	}
	hit, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](`pointer.hit`))
	if err != nil {
		t.Fatalf("click %s: %v", selector, err)
	}
	if !hit {
		t.Fatalf("the page moved, and the click at %v missed %s", at, selector)
	}
}

// logPointer logs the pointer's events in the document that is open.
func (p *page) logPointer(t *testing.T) {
	lines, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]string](`pointer.log`))
	if err == nil {
		t.Logf("the pointer's events:\n%s", strings.Join(lines, "\n"))
	}
}
