#!/bin/bash
# Clients of server-sent events forget an id that came without data.
#
# Versions: npm packages eventsource 4.1.1, eventsource-client 1.2.0 and launchdarkly-eventsource 2.2.0; for comparison
#   undici 7.30.2 and eventsource 5.1.5, which asks for Node 22 and runs on 20.
# Guess: HTML's standard sets the last event id before it looks whether there is data, so the block "id: 2" alone
#   dispatches nothing, and the client resumes after 2. An event without an id has the last id.
# Behaviour: the first three resume after 1. In eventsource 4 and eventsource-client an event without an id has no id,
#   rather than that of the last event. undici and eventsource 5 do as the standard says.
# Why it matters: a stream with a filter moves on without any row for the client, and an id alone is the way to say
#   how far it is. To these clients it says nothing: after a quiet night they ask for a position that the server does
#   not have any more. A server that must reach them sends an event with data in place of the id alone.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
npm_install eventsource@4.1.1 eventsource-client@1.2.0 launchdarkly-eventsource@2.2.0 undici@7.30.2 eventsource-5@npm:eventsource@5.1.5
run_node <<'JS'
const follow = (source, deliver) => {
  source.onmessage = (m) => deliver(m.data, m.lastEventId);
  source.onerror = () => {};
  return () => source.close();
};
const clients = {
  eventsource: async (url, deliver) => follow(new (await import('eventsource')).EventSource(url), deliver),
  'eventsource-client': async (url, deliver) => {
    const source = (await import('eventsource-client')).createEventSource({ url, onMessage: (m) => deliver(m.data, m.id) });
    return () => source.close();
  },
  'launchdarkly-eventsource': async (url, deliver) => follow(new (require('launchdarkly-eventsource').EventSource)(url, { initialRetryDelayMillis: 50 }), deliver),
  undici: async (url, deliver) => follow(new (require('undici').EventSource)(url), deliver),
  'eventsource-5': async (url, deliver) => follow(new (await import('eventsource-5')).EventSource(url), deliver),
};
const ask = async (connect, stream) => {
  const asked = [];
  const delivered = [];
  let server;
  let stop;
  await new Promise((resolve) => {
    server = require('http').createServer((request, response) => {
      asked.push(request.headers['last-event-id'] ?? 'none');
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (asked.length === 1) response.end(stream);
      else resolve();
    }).listen(0, '127.0.0.1', async () => {
      stop = await connect(`http://127.0.0.1:${server.address().port}/`, (data, id) => delivered.push(`${data} id=${id || ''}`));
    });
  });
  stop();
  server.closeAllConnections();
  server.close();
  return { asked: asked[1], delivered };
};
(async () => {
  for (const [name, id, inherited] of [['eventsource', '1', ''], ['eventsource-client', '1', ''], ['launchdarkly-eventsource', '1', '1'],
    ['undici', '2', '1'], ['eventsource-5', '2', '1']]) {
    lib.see(`${name}: an id alone`, await ask(clients[name], 'retry: 50\nid: 1\ndata: a\n\nid: 2\n\n'), { asked: id, delivered: ['a id=1'] });
    lib.see(`${name}: data alone`, await ask(clients[name], 'retry: 50\nid: 1\ndata: a\n\ndata: b\n\n'),
      { asked: '1', delivered: ['a id=1', `b id=${inherited}`] });
  }
  lib.end();
})();
JS
