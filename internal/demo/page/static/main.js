// The page: the table that the person watches, its filter and buttons, and the chat beside it.

const keepRows = 200; // rows of a table that the page keeps

const config = JSON.parse(document.getElementById('config').textContent);
const collections = config.collections ?? [];
const $ = (id) => document.getElementById(id);
const number = new Intl.NumberFormat();

let current; // the collection that the page shows
let chipsOf; // the collection whose examples the chips show
let filter = ''; // the filter that applies, as the person typed it
let watch; // the Socket of the current collection
let rows;
let table;
let paused = false;
let held = 0; // events since the pause began
let seen = 0; // events since watch was opened
let lastState = 'connecting';
let loading; // identifies the current call of load; an older call ends when this has changed
let early; // events that arrive while the rows are loaded
let loadedOnce = false; // whether the rows were loaded since watch was opened
let loadFailed = false; // whether the latest try to load the rows failed
let wireShows = ''; // the socket whose frames are shown; '' means all

const meter = new Meter($('meter'));
const wire = new Wire($('frames'));
const status = new Status($('state'), () => 'Live');
const backend = new Backend(config.backend, config.api_key);
const chat = new Chat(config.api_key, log);

// start opens a socket for the current collection and filter, and begins with an empty table.
function start() {
  const filters = filterJSON(filter);
  showError('');
  watch?.stop();
  held = seen = 0;
  loading = early = undefined;
  loadedOnce = false;
  rows = new Rows(current.key ?? ['id'], keepRows);
  table = new Table($('head'), $('rows'), current.badges ?? {}, (column) => rows.isKey(column));
  wire.clear('table');
  $('table').setAttribute('aria-label', `Live rows of ${current.name}`);
  drawSnippet();
  drawTabs();
  drawChips();
  drawActions();
  writeAddress();
  const hello = `{"api_key":${JSON.stringify(config.api_key)},"filters":${filters},"transitions":true}`;
  watch = new Socket(tableURL(), hello, {
    state,
    sent: (text) => log('table', 'sent', text, JSON.parse(text).type ?? 'hello'),
    received: receive,
    closed: (code, reason) => log('table', 'note', `closed with code ${code}${reason ? `: ${reason}` : ''}`, 'close'),
  });
  scheduleDraw();
}

// receive takes in a message of the table's socket.
function receive(text, message) {
  log('table', 'received', text, message.event ?? (message.error ? 'error' : message.type));
  if (message.error) showError(message.error_detail ? `${message.error}: ${message.error_detail}` : message.error);
  if (message.event === 'connected' && backend.exists) load();
  if (!['create', 'update', 'delete', 'truncate'].includes(message.event)) return;
  meter.count();
  seen++;
  if (paused) held++;
  if (early) early.push(message);
  else rows.apply(message);
  scheduleDraw();
}

// load loads the rows that exist, after each connect: they include the changes that the socket
// missed. After a failure it tries again, with growing delays, until the rows are loaded, the
// socket has closed, or another try can't help.
async function load() {
  const mine = loading = {};
  loadFailed = false;
  for (let attempt = 0; loading === mine && watch.live; attempt++) {
    const error = await fetchRows(mine);
    if (!error || error.final) return;
    await new Promise((resolve) => setTimeout(resolve, retryDelay(attempt)));
  }
}

// fetchRows takes in the rows that exist, and then the events that arrived meanwhile. It returns
// the error if the rows could not be loaded. If another load has begun meanwhile, it does nothing.
async function fetchRows(mine) {
  early = [];
  let found, failed;
  try {
    found = await backend.rows(current.name, filterJSON(filter));
  } catch (error) {
    failed = error;
  }
  if (loading !== mine) return undefined;
  if (found && watch.live) {
    rows.load(found);
    loadedOnce = true;
    loadFailed = false;
  } else if (!loadFailed) {
    rows.markStale();
    loadFailed = Boolean(failed);
    if (failed) announce(`The rows could not be loaded: ${failed.message}. They appear as they change.`);
  }
  early.forEach((message) => rows.apply(message));
  early = undefined;
  scheduleDraw();
  return failed;
}

function tableURL() {
  return socketURL('realtime', 'collections', current.name);
}

function log(socket, direction, text, event) {
  wire.add(socket, direction, text, event);
  scheduleDraw();
}

// scheduleDraw draws everything once, with the next frame of the screen.
let drawScheduled = false;
function scheduleDraw() {
  if (drawScheduled) return;
  drawScheduled = true;
  requestAnimationFrame(() => {
    drawScheduled = false;
    drawCounts();
    if (paused) return;
    table.draw(rows);
    wire.draw();
    drawFoot();
    drawEmpty();
  });
}

function drawCounts() {
  $('total').textContent = number.format(meter.total);
  $('total-of').textContent = meter.total === 1 ? 'event' : 'events';
  $('pause').setAttribute('aria-pressed', paused);
  $('pause-label').textContent = paused ? 'Resume' : 'Pause';
  $('held').textContent = paused ? number.format(held) : '';
  $('held').title = held === 1 ? 'event since' : 'events since';
  $('held').hidden = !paused;
  document.body.classList.toggle('paused', paused);
}

function drawFoot() {
  $('shown').textContent = rows.size === 1 ? '1 row' : `${number.format(rows.size)} rows`;
}

// emptiness says why no rows are shown, as a heading and a sentence.
function emptiness() {
  if (lastState === 'refused') return ['Nothing is watched', 'The server did not accept this. Its answer is beside the filter.'];
  if (loadedOnce) return ['No row matches', 'Rows appear here the moment they match.'];
  if (backend.exists && !loadFailed) return ['Loading the rows', 'The rows that exist come first, then each change.'];
  if (seen > 0) return ['No rows left', 'All rows were deleted. New ones appear here as they change.'];
  if (filter) return ['Waiting for a row that matches', 'Rows appear here the moment they change and match the filter.'];
  return ['Waiting for the first change', 'Rows appear here the moment they are inserted, updated or deleted.'];
}

function drawEmpty() {
  $('empty').hidden = rows.size > 0;
  $('table').hidden = rows.columns.length === 0;
  const [title, text] = emptiness();
  $('empty-title').textContent = title;
  $('empty-text').textContent = text;
}

// state shows the state of the table's socket.
function state(name, detail) {
  if (name === 'live' && seen > 0 && !backend.exists) {
    rows.markStale();
    scheduleDraw();
  }
  lastState = name;
  status.show(name, detail);
  $('retry').hidden = name !== 'waiting';
  document.body.classList.toggle('offline', name !== 'live');
  if (name === 'waiting') announce(`Connection lost, code ${detail.code}. Connecting again by itself.`);
  else if (name !== 'connecting') announce(`${status.text}: ${current.name}`);
  if (name === 'refused') {
    showError(`${detail.error ? [detail.error.error, detail.error.error_detail].filter(Boolean).join(': ') : 'The server closed the socket'} (closed with ${detail.code})`);
  }
  scheduleDraw();
}

// announce has a screen reader read a text.
function announce(text) {
  if ($('say').textContent !== text) $('say').textContent = text;
}

// showError shows an error beside the filter; '' hides the last one.
function showError(text) {
  $('error').textContent = text;
  $('error').hidden = text === '';
  $('filter').setAttribute('aria-invalid', text !== '');
}

// choose shows another collection, without a filter.
function choose(collection) {
  if (collection === current) return;
  current = collection;
  apply('');
}

// apply starts again with a filter. A filter that can't be understood only shows its error.
function apply(text) {
  try {
    filterJSON(text);
  } catch (error) {
    showError(error.message);
    return;
  }
  filter = text.trim();
  $('filter').value = filter;
  $('clear').hidden = filter === '';
  start();
}

function pause(on) {
  paused = on;
  held = 0;
  announce(on ? 'Paused. Events are still counted.' : 'Resumed.');
  scheduleDraw();
}

// Tabs and chips.
//
// If a button is replaced between the press and the release of the mouse, it gets no click and
// loses the focus. So the tabs stay, and the chips of a table; only their attributes change.

function drawTabs() {
  if ($('tabs').childElementCount === 0) $('tabs').append(...collections.map(makeTab));
  for (const [i, tab] of [...$('tabs').children].entries()) {
    const on = collections[i] === current;
    tab.setAttribute('aria-selected', on);
    tab.setAttribute('tabindex', on ? '0' : '-1');
  }
  $('panel').setAttribute('aria-labelledby', `tab-${current.name}`);
}

function makeTab(collection) {
  const tab = el('button', {
    type: 'button', role: 'tab', id: `tab-${collection.name}`, 'data-collection': collection.name, 'aria-controls': 'panel',
  }, collection.name);
  tab.addEventListener('click', () => choose(collection));
  return tab;
}

function moveTab(event) {
  const at = collections.indexOf(current);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: collections.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  choose(collections[(to + collections.length) % collections.length]);
  $(`tab-${current.name}`).focus();
}

function drawChips() {
  const examples = current.filters ?? [];
  if (chipsOf !== current) $('chips').replaceChildren(...examples.map(makeChip));
  chipsOf = current;
  for (const [i, chip] of [...$('chips').children].entries()) chip.setAttribute('aria-pressed', examples[i].text === filter);
}

function makeChip({ label, text }) {
  const chip = el('button', { type: 'button', class: 'chip', title: text }, label);
  chip.addEventListener('click', () => apply(text === filter ? '' : text));
  return chip;
}

// The buttons that make and change a row.

function drawActions() {
  $('insert').hidden = !(backend.mayChange && current.inserts);
  $('update').hidden = !(backend.mayChange && current.updates);
  showResult();
}

// change inserts or updates a row, and shows the statement. It shows nothing if the page shows
// another collection or filter by then.
async function change(insert) {
  const asking = watch;
  let words;
  try {
    const { statement, rows: n } = await backend.change(current.name, insert, insert ? '' : table.firstVisible() ?? '');
    const filtered = insert && filter ? ' The filter decides whether it shows here.' : '';
    words = [el('code', {}, statement), ` changed ${n === 1 ? '1 row' : `${number.format(n)} rows`}.${filtered}`];
  } catch (error) {
    words = [`Nothing was changed: ${error.message}.`];
  }
  if (asking === watch) showResult(...words);
}

// showResult shows what a button did; without words it hides the last result. The result stands
// below all buttons, so that they don't move.
function showResult(...words) {
  $('statement').replaceChildren(...words);
  $('statement').hidden = words.length === 0;
}

// The address names the collection and the filter, so that they survive a reload and can be shared.

function writeAddress() {
  const query = filter ? `?${encodeURIComponent(filter)}` : '';
  history.replaceState(null, '', `#${encodeURIComponent(current.name)}${query}`);
}

// decoded returns a part of the address, or '' if it can't be decoded.
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

function readAddress() {
  const [name, query = ''] = location.hash.slice(1).split('?');
  current = collections.find((c) => c.name === decoded(name)) ?? collections[0];
  const wanted = decoded(query);
  try {
    filterJSON(wanted);
    apply(wanted);
  } catch (error) {
    apply('');
    showError(error.message);
  }
}

// The list of frames and the program below it.

function drawSnippet() {
  $('snippet').textContent = wireShows === '' || wireShows === 'table' ? snippet(filterJSON(filter)) : chat.snippet(wireShows);
}

function snippet(filters) {
  return `const ws = new WebSocket(${JSON.stringify(tableURL())});
ws.onopen = () => ws.send(JSON.stringify({
  api_key: ${JSON.stringify(config.api_key)},
  filters: ${filters},
  transitions: true,
}));
ws.onmessage = ({ data }) => console.log(JSON.parse(data));
`;
}

function showSocket(button) {
  wireShows = button.dataset.only;
  for (const b of $('wire-filter').children) b.setAttribute('aria-pressed', b === button);
  wire.show(wireShows);
  drawSnippet();
}

// Events of the page's controls and of the browser.

$('filter-form').addEventListener('submit', (event) => {
  event.preventDefault();
  apply($('filter').value);
});
$('filter').addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && $('filter').value !== '') apply('');
});
$('clear').addEventListener('click', () => {
  apply('');
  $('filter').focus();
});
$('tabs').addEventListener('keydown', moveTab);
$('pause').addEventListener('click', () => pause(!paused));
$('insert').addEventListener('click', () => change(true));
$('update').addEventListener('click', () => change(false));
$('own-open').addEventListener('click', () => $('own').showModal());
$('own-close').addEventListener('click', () => $('own').close());
for (const button of document.querySelectorAll('[data-copies]')) {
  button.addEventListener('click', () => copyText($(button.dataset.copies).textContent, button));
}
$('retry').addEventListener('click', () => watch.retry());
$('copy-frames').addEventListener('click', () => copyText(wire.text(), $('copy-frames')));
$('copy-snippet').addEventListener('click', () => copyText($('snippet').textContent, $('copy-snippet')));
for (const button of $('wire-filter').children) button.addEventListener('click', () => showSocket(button));
addEventListener('hashchange', readAddress);
addEventListener('online', retry);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) retry();
});
addEventListener('pagehide', () => {
  watch?.stop();
  chat.stop();
});
addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  chat.restart();
  if (current) start();
});

function retry() {
  watch?.retry();
  chat.retry();
}

setInterval(() => {
  meter.tick();
  $('rate').textContent = meter.rate().toFixed(1);
}, 1_000);

chat.start();
if (collections.length > 0) readAddress();
else showError('This server offers no tables to this page.');
