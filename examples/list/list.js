// liveList keeps the rows that match a filter, and calls show with them after each change.
function liveList({ url, hello, key, load, show }) {
  let rows = new Map();
  let failures = 0;

  function apply(m) { // puts a row in on create and update, takes it out on delete
    if (m.event === 'create' || m.event === 'update') {
      const before = key({ ...m.data, ...m.old_data }); // a key that changed is in old_data
      const row = { ...rows.get(before), ...m.data }; // a long value that did not change is not sent
      for (const name of m.omitted ?? []) delete row[name]; // a value that is too long is not sent
      rows.delete(before);
      rows.set(key(row), row);
    }
    if (m.event === 'delete') rows.delete(key(m.data));
    if (m.event === 'truncate') rows.clear();
  }

  function connect() {
    const ws = new WebSocket(url);
    let early = []; // messages that arrive while the rows are loaded
    let silent = 0; // intervals without a message; a browser does not notice a lost network by itself
    const beat = setInterval(() => {
      if (silent++ > 1) ws.close();
      else if (ws.readyState === WebSocket.OPEN) ws.send('{"type":"ping"}');
    }, 15_000);
    ws.onopen = () => ws.send(JSON.stringify(hello));
    ws.onmessage = async ({ data }) => {
      const m = JSON.parse(data);
      silent = 0;
      if (m.error) console.error(m.error, m.error_detail ?? '');
      if (m.event === 'connected') {
        const loaded = await load().catch(console.error);
        if (!loaded) ws.close(); // then connect and load again
        if (!loaded || ws.readyState !== WebSocket.OPEN) return;
        rows = new Map(loaded.map((row) => [key(row), row]));
        early.forEach(apply);
        early = undefined;
        failures = 0;
      } else if (early) {
        early.push(m);
        return;
      } else {
        apply(m);
      }
      show([...rows.values()]);
    };
    ws.onclose = ({ code }) => { // 1012 means a restart; connect again after every code,
      clearInterval(beat);
      if ([4400, 4401, 4403, 4404].includes(code)) return; // except after these: correct the message first
      const delay = Math.min(30_000, 500 * 2 ** failures++);
      setTimeout(connect, delay * (0.5 + Math.random() / 2));
    };
  }
  connect();
}

liveList({
  url: 'ws://localhost:8080/realtime/collections/orders',
  hello: {
    api_key: 'the key from above',
    filters: { status: 'paid' }, // optional, as SQL's WHERE
    columns: ['id', 'customer', 'total'], // optional
    transitions: true, // an update that takes a row into the filter is a create, out of it a delete
  },
  key: (row) => row.id,
  load: async () => { // SELECT id, customer, total FROM orders WHERE status = 'paid', as a JSON array
    const response = await fetch('/orders', { signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(`/orders: ${response.status}`);
    return response.json();
  },
  show: (orders) => {
    document.querySelector('#orders').replaceChildren(...orders.map(({ id, customer, total }) => {
      const item = document.createElement('li');
      item.textContent = `${id}: ${customer}, ${total}`;
      return item;
    }));
  },
});
