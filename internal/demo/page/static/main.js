// The page: one table watched, with what the person chose, and the chat beside it.

const keepRows = 200;

const config = JSON.parse(document.getElementById('config').textContent);
const collections = config.collections ?? [];
const $ = (id) => document.getElementById(id);
const number = new Intl.NumberFormat();

let current; // the collection that is watched
let chipsOf; // the collection whose examples are shown
let filter = ''; // as it was typed and applied
let watch;
let rows;
let table;
let paused = false;
let held = 0; // events since the pause began
let seen = 0; // events since this watch began
let lastState = 'connecting';
let loading; // the load that goes on; an older one ends when it sees another
let early; // events that came while the rows were loaded
let loadedOnce = false; // the rows of this watch
let loadFailed = false; // the last time
let wireShows = ''; // the socket whose frames are shown; all, with ''

const meter = new Meter($('meter'));
const wire = new Wire($('frames'));
const status = new Status($('state'), () => 'Live');
const backend = new Backend(config.backend, config.api_key);
const chat = new Chat(config.api_key, log);

// start watches the current collection with the current filter, from nothing.
function start() {
  const filters = filterJSON(filter);
  complain('');
  watch?.stop();
  held = seen = 0;
  loading = early = undefined;
  loadedOnce = false;
  rows = new Rows(current.key ?? ['id'], keepRows);
  table = new Table($('head'), $('rows'), current.badges ?? {}, (column) => rows.isKey(column));
  wire.forget('table');
  $('table').setAttribute('aria-label', `Live rows of ${current.name}`);
  drawSnippet();
  drawTabs();
  drawChips();
  drawActions();
  remember();
  const hello = `{"api_key":${JSON.stringify(config.api_key)},"filters":${filters},"transitions":true}`;
  watch = new Socket(tableURL(), hello, {
    state,
    sent: (text) => log('table', 'sent', text, JSON.parse(text).type ?? 'hello'),
    received: receive,
    closed: (code, reason) => log('table', 'note', `closed with code ${code}${reason ? `: ${reason}` : ''}`, 'close'),
  });
  plan();
}

function receive(text, message) {
  log('table', 'received', text, message.event ?? (message.error ? 'error' : message.type));
  if (message.error) complain(message.error_detail ? `${message.error}: ${message.error_detail}` : message.error);
  if (message.event === 'connected' && backend.there) load();
  if (!['create', 'update', 'delete', 'truncate'].includes(message.event)) return;
  meter.count();
  seen++;
  if (paused) held++;
  if (early) early.push(message);
  else rows.apply(message);
  plan();
}

// load fetches the rows that there are, after each connect: what the socket missed is
// among them. Where that fails it tries again, after a while that grows, until the
// rows are there or the socket has gone.
async function load() {
  const mine = loading = {};
  loadFailed = false;
  for (let attempt = 0; loading === mine && watch.live; attempt++) {
    const error = await fetchRows(mine);
    if (!error || error.final) return;
    await new Promise((resolve) => setTimeout(resolve, retryDelay(attempt)));
  }
}

// fetchRows takes in the rows that there are, and after them what arrived meanwhile.
// It gives the error that kept it from that, unless another load goes on by then.
async function fetchRows(mine) {
  early = [];
  let there, failed;
  try {
    there = await backend.rows(current.name, filterJSON(filter));
  } catch (error) {
    failed = error;
  }
  if (loading !== mine) return undefined;
  if (there && watch.live) {
    rows.load(there);
    loadedOnce = true;
    loadFailed = false;
  } else if (!loadFailed) {
    rows.age();
    loadFailed = Boolean(failed);
    if (failed) say(`The rows could not be loaded: ${failed.message}. They appear as they change.`);
  }
  early.forEach((message) => rows.apply(message));
  early = undefined;
  plan();
  return failed;
}

function tableURL() {
  return socketURL('realtime', 'collections', current.name);
}

function log(socket, direction, text, event) {
  wire.add(socket, direction, text, event);
  plan();
}

// plan has everything drawn once, with the next frame of the screen.
let planned = false;
function plan() {
  if (planned) return;
  planned = true;
  requestAnimationFrame(() => {
    planned = false;
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

// emptiness is why there are no rows, in a heading and a sentence.
function emptiness() {
  if (lastState === 'refused') return ['Nothing is watched', 'The server did not accept this. Its answer stands beside the filter.'];
  if (loadedOnce) return ['No row matches', 'A row appears here the moment it does.'];
  if (backend.there && !loadFailed) return ['Loading the rows', 'The rows that there are come first, then each change.'];
  if (seen > 0) return ['No rows left', 'All rows that were seen are gone. New ones appear here as they change.'];
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

// state shows how the connection is.
function state(name, detail) {
  if (name === 'live' && seen > 0 && !backend.there) {
    rows.age();
    plan();
  }
  lastState = name;
  status.show(name, detail);
  $('retry').hidden = name !== 'waiting';
  document.body.classList.toggle('offline', name !== 'live');
  if (name === 'waiting') say(`Connection lost, code ${detail.code}. Connecting again by itself.`);
  else if (name !== 'connecting') say(`${status.text}: ${current.name}`);
  if (name === 'refused') {
    complain(`${detail.error ? [detail.error.error, detail.error.error_detail].filter(Boolean).join(': ') : 'The server closed the socket'} (closed with ${detail.code})`);
  }
  plan();
}

function say(text) {
  if ($('say').textContent !== text) $('say').textContent = text;
}

// complain shows what is wrong beside the filter; nothing, with ''.
function complain(text) {
  $('error').textContent = text;
  $('error').hidden = text === '';
  $('filter').setAttribute('aria-invalid', text !== '');
}

function choose(collection) {
  if (collection === current) return;
  current = collection;
  apply('');
}

// apply begins anew with a filter. One that can't be read changes nothing yet.
function apply(text) {
  try {
    filterJSON(text);
  } catch (error) {
    complain(error.message);
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
  say(on ? 'Paused. Events are still counted.' : 'Resumed.');
  plan();
}

// Tabs and chips.

// An element that is replaced between the press and the release of a button never
// hears of the click, and loses the focus. So the tabs stay, and the chips of a table;
// what they say changes.

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
  tell();
}

// change makes or changes a row and tells how, unless something else is watched by then.
async function change(insert) {
  const asking = watch;
  let told;
  try {
    const { statement, rows: n } = await backend.change(current.name, insert, insert ? '' : table.first() ?? '');
    const filtered = insert && filter ? ' The filter decides whether it shows here.' : '';
    told = [el('code', {}, statement), ` changed ${n === 1 ? '1 row' : `${number.format(n)} rows`}.${filtered}`];
  } catch (error) {
    told = [`Nothing was changed: ${error.message}.`];
  }
  if (asking === watch) tell(...told);
}

// tell shows what a button did; without words it shows nothing. It stands below all
// that can be clicked, which so keeps its place.
function tell(...words) {
  $('statement').replaceChildren(...words);
  $('statement').hidden = words.length === 0;
}

// The choice stands in the address, so that it survives a reload and can be passed on.

function remember() {
  const query = filter ? `?${encodeURIComponent(filter)}` : '';
  history.replaceState(null, '', `#${encodeURIComponent(current.name)}${query}`);
}

// decoded is a part of the address; nothing, where somebody has mangled it.
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

function recall() {
  const [name, query = ''] = location.hash.slice(1).split('?');
  current = collections.find((c) => c.name === decoded(name)) ?? collections[0];
  const wanted = decoded(query);
  try {
    filterJSON(wanted);
    apply(wanted);
  } catch (error) {
    apply('');
    complain(error.message);
  }
}

// The wire's choices.

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

// What the person does.

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
addEventListener('hashchange', recall);
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
if (collections.length > 0) recall();
else complain('This server offers no tables to this page.');
