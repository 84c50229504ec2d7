#!/bin/bash
# @microsoft/fetch-event-source resumes after an event that it never delivered.
#
# Versions: npm package @microsoft/fetch-event-source 2.0.1; for comparison undici 7.30.2 and eventsource 4.1.1.
# Guess: HTML's standard discards an event whose empty line is missing when the stream ends. Its id counts when the
#   event is dispatched, so the client asks with the id of the last event that it delivered.
# Behaviour: the package tells of an id as soon as the line "id: 2" is read and keeps it for the next request. The
#   event is discarded, rightly, and the next request says Last-Event-ID: 2, so that the server goes on with 3. The
#   others ask for what follows 1.
# Why it matters: a server or proxy that restarts cuts streams anywhere; a large row after its id is the likeliest
#   place. Each such cut loses one change, and neither side notices. A server that writes the id as the last line of
#   an event makes the loss rarer.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
npm_install @microsoft/fetch-event-source@2.0.1 undici@7.30.2 eventsource@4.1.1
run_node <<'JS'
process.removeAllListeners('warning');
Object.assign(globalThis, { window: globalThis, document: { hidden: false, addEventListener() {}, removeEventListener() {} } });
const { fetchEventSource } = require('@microsoft/fetch-event-source');
const ask = {
  '@microsoft/fetch-event-source': (url, deliver, signal) => {
    fetchEventSource(url, { signal, openWhenHidden: true, onmessage: (m) => deliver(m), onclose() { throw new Error('again'); }, onerror: () => 50 })
      .catch(() => {});
  },
  undici: (url, deliver, signal) => follow(new (require('undici').EventSource)(url), deliver, signal),
  eventsource: (url, deliver, signal) => follow(new (require('eventsource').EventSource)(url), deliver, signal),
};
const follow = (source, deliver, signal) => {
  source.onmessage = deliver;
  source.onerror = () => {};
  signal.addEventListener('abort', () => source.close());
};
(async () => {
  for (const [name, connect] of Object.entries(ask)) {
    const delivered = [];
    const stop = new AbortController();
    const asked = [];
    let server;
    await new Promise((resolve) => {
      server = require('http').createServer((request, response) => {
        asked.push(request.headers['last-event-id'] ?? 'none');
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        if (asked.length === 1) response.end('retry: 50\n\nid: 1\ndata: one\n\nid: 2\ndata: tw');
        else resolve();
      }).listen(0, '127.0.0.1', () => connect(`http://127.0.0.1:${server.address().port}/`, (m) => m.data && delivered.push(m.data), stop.signal));
    });
    stop.abort();
    server.closeAllConnections();
    server.close();
    lib.see(`${name}: delivered`, delivered, ['one']);
    lib.see(`${name}: Last-Event-ID of each request`, asked, ['none', name.startsWith('@') ? '2' : '1']);
  }
  lib.end();
})();
JS
