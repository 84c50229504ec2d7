package integration

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/tablewire/tablewire/integration/harness"
)

// screenshots is where TestAccessibility writes a picture of each state that it has checked.
var screenshots = flag.String("screenshots", "", "folder for pictures of the demo's page in each of its states")

// axePackage finds the faults. Its licence is MPL-2.0, so the test fetches it and the
// repository does not contain it.
const axePackage = "axe-core@4.14.1"

// axe-core finds no fault in the demo's page against WCAG 2.2 AA and its own best practices:
// on a desktop and a phone, light and dark, in every state of the page.
func TestAccessibility(t *testing.T) {
	t.Parallel()
	browser := findBrowser(t)
	axe, err := os.ReadFile(filepath.Join(npmInstall(t, axePackage), "node_modules/axe-core/axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	d := startDemo(t, demoDir(t), "127.0.0.1:0")
	first := openPage(t, browser, "about:blank")
	views := []*viewport{}
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"desktop", 1440, 900}, {"phone", 360, 800}} {
		for _, scheme := range []string{"light", "dark"} {
			p := first.window(t, "about:blank")
			err := chromedp.Do(p.ctx, chromedp.EmulateViewport(size.width, size.height), emulateMedia(scheme), chromedp.Navigate(d.page))
			if err != nil {
				t.Fatal(err)
			}
			p.want(t, "the page is there", `$('#rows tr') && $('#room-state').dataset.state === 'live' && $('#broadcast-state').dataset.state === 'live'`)
			p.do(t, string(axe))
			views = append(views, &viewport{page: p, name: size.name + "-" + scheme})
		}
	}
	for _, l := range views {
		l.check(t, "rows")
		l.tabStops(t)
		l.click(t, "#update")
		l.want(t, "a row has changed", `$('#statement code') && $('#rows .changed')`)
		l.check(t, "changed")
		l.click(t, "#insert")
		l.want(t, "a row is inserted", `$('#statement').textContent.startsWith('INSERT') && $('#rows tr.new')`)
		l.check(t, "made")
		l.click(t, ".help summary")
		l.filter(t, "status=nonesuch")
		l.want(t, "the filter is refused", `!$('#error').hidden`)
		l.check(t, "refused")
		l.filter(t, "customer=Nobody")
		l.want(t, "the filter matches nothing", `!$('#empty').hidden && $('#empty-title').textContent === 'No row matches'`)
		l.check(t, "empty")
		l.click(t, "#clear")
		l.want(t, "the rows are back", `$('#empty').hidden && $('#rows tr') && $('#state').dataset.state === 'live'`)
		for _, table := range []string{"couriers", "products", "reviews"} {
			l.click(t, `[data-collection="`+table+`"]`)
			// A chat message may be the newest frame.
			harness.Eventually(t, "its rows are there", func() bool {
				there, err := chromedp.Run(l.ctx, chromedp.Evaluate[bool](`!!document.querySelector('#rows tr') && document.querySelector('#frames').textContent.includes('"`+table+`"')`))
				return err == nil && there
			})
			l.check(t, table)
		}
		l.say(t, "room", "Hello")
		l.want(t, "the message is there", `$('#room-log .text')`)
		l.click(t, "#talk-broadcast")
		l.say(t, "broadcast", "Tea is ready")
		l.want(t, "the announcement is there", `$('#broadcast-log .text') && $('#toasts .toast')`)
		l.check(t, "announced")
		l.click(t, "#talk-room")
		l.do(t, `for (const button of document.querySelectorAll('#toasts button')) button.click()`)
		l.click(t, `#wire-filter [data-only="room"]`)
		l.click(t, ".code summary")
		l.check(t, "chat")
		l.click(t, `#wire-filter [data-only=""]`)
		l.click(t, "#pause")
		l.check(t, "paused")
		l.click(t, "#pause")
		l.click(t, "#own-open")
		l.want(t, "the steps are there", `$('#own').open`)
		l.check(t, "own")
		l.click(t, "#own-close")
	}
	d.stop(t)
	for _, l := range views {
		l.want(t, "the page says that the connection is lost", `$('#state').dataset.state === 'waiting'`)
		l.check(t, "disconnected")
	}
}

// viewport is a page on a screen of some size, light or dark.
type viewport struct {
	*page
	name string
}

// emulateMedia makes a page light or dark, and turns off its animations.
func emulateMedia(scheme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme},
				{Name: "prefers-reduced-motion", Value: "reduce"},
			},
		})
		return err
	})
}

// axeRun returns a line for each fault. axe-core leaves out target-size by default.
const axeRun = `axe.run(document, {
	runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
	rules: { 'target-size': { enabled: true } },
}).then(({ violations, passes }) => passes.length < 10 ? ['axe-core checked almost nothing'] : violations.flatMap((v) => v.nodes.map((n) =>
	v.id + ' (' + v.tags.filter((t) => /^(wcag|best)/.test(t)).join() + '): ' + n.target.join(' ') + ' ' + n.failureSummary.replace(/\s+/g, ' '))))`

// check runs axe-core on the page in a state, and takes a picture of it.
func (l *viewport) check(t *testing.T, state string) {
	t.Helper()
	faults, err := chromedp.Run(l.ctx, chromedp.Evaluate[[]string](axeRun, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s, %s: %v", l.name, state, err)
	}
	for _, fault := range faults {
		t.Errorf("%s, %s: %s", l.name, state, fault)
	}
	wide, err := chromedp.Run(l.ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > document.documentElement.clientWidth`))
	if err != nil || wide {
		t.Errorf("%s, %s: the page is wider than the screen: %v, %v", l.name, state, wide, err)
	}
	if *screenshots == "" {
		return
	}
	picture, err := chromedp.Run(l.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(*screenshots, fmt.Sprintf("%s-%s.png", l.name, state)), picture, 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}

// tabStops walks through the page with the Tab key. The focus is visible at every stop. The
// list of frames is one stop, and arrow keys lead from frame to frame.
func (l *viewport) tabStops(t *testing.T) {
	t.Helper()
	l.do(t, `document.activeElement?.blur()`)
	stops := 0
	for range 60 {
		if err := chromedp.Do(l.ctx, chromedp.KeyEvent("\t")); err != nil {
			t.Fatal(err)
		}
		at, err := chromedp.Run(l.ctx, chromedp.Evaluate[string](`(() => {
			const at = document.activeElement;
			if (at === document.body) return 'body';
			const { outlineStyle, boxShadow } = getComputedStyle(at);
			const around = getComputedStyle(at.parentElement).boxShadow;
			const seen = outlineStyle !== 'none' || boxShadow !== 'none' || around !== 'none';
			return (seen ? 'seen ' : 'unseen ') + (at.closest('#frames') ? 'in-frames ' : '') + at.tagName + ' ' + at.id;
		})()`))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(at, "unseen") {
			t.Errorf("%s: the focus on %s can't be seen", l.name, at)
		}
		if strings.Contains(at, "in-frames") {
			if stops++; !strings.HasSuffix(at, "OL frames") {
				t.Errorf("%s: the Tab key stops at %s", l.name, at)
			}
		}
	}
	if stops < 1 || stops > 2 { // the walk may pass it twice
		t.Errorf("%s: the Tab key stops %d times in the frames", l.name, stops)
	}
	l.do(t, `document.querySelector('#frames').focus()`)
	if err := chromedp.Do(l.ctx, chromedp.KeyEvent(kb.ArrowDown)); err != nil {
		t.Fatal(err)
	}
	l.want(t, "an arrow key leads to a frame", `document.activeElement.closest('#frames li')`)
}
