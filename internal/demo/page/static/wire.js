// Wire: lists the frames that the sockets have sent and received, newest on top.

const keepFrames = 100; // frames of each socket
const drawAtMost = 4_000; // characters of a frame that are drawn; Copy copies the whole frame
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23' });
const token = /("(?:[^"\\]|\\.)*"?)(\s*:)?|(-?\d[\d.eE+-]*)|\b(true|false|null)\b/g;

class Wire {
  #list;
  #frames = []; // newest first, at most keepFrames of each socket
  #waiting = []; // not drawn yet; oldest first, at most keepFrames of each socket

  constructor(list) {
    this.#list = list;
    list.addEventListener('keydown', (event) => this.#move(event));
  }

  // add adds a frame. socket is table, room or broadcast; direction is sent, received or note.
  add(socket, direction, text, event = '') {
    this.#waiting.push({ socket, direction, text, event, at: new Date() });
    const older = this.#waiting.filter((frame) => frame.socket === socket);
    if (older.length > keepFrames) this.#waiting.splice(this.#waiting.indexOf(older[0]), 1);
  }

  // clear removes the frames of a socket.
  clear(socket) {
    const other = (frame) => frame.socket !== socket;
    this.#waiting = this.#waiting.filter(other);
    for (const frame of this.#frames) if (!other(frame)) frame.item.remove();
    this.#frames = this.#frames.filter(other);
  }

  draw() {
    for (const frame of this.#waiting) {
      frame.item = this.#item(frame);
      this.#frames.unshift(frame);
      this.#list.prepend(frame.item);
    }
    this.#waiting = [];
    const kept = {};
    this.#frames = this.#frames.filter(({ socket, item }) => {
      kept[socket] = (kept[socket] ?? 0) + 1;
      if (kept[socket] > keepFrames) item.remove();
      return kept[socket] <= keepFrames;
    });
  }

  // show shows the frames of one socket, or with '' of all.
  show(socket) {
    if (socket) this.#list.dataset.only = socket;
    else delete this.#list.dataset.only;
    this.#list.scrollTop = 0;
  }

  // text returns the frames that are shown, newest first.
  text() {
    const { only } = this.#list.dataset;
    return this.#frames.filter((frame) => !only || frame.socket === only).map((frame) => frame.text).join('\n');
  }

  // #move moves the focus between the frames' buttons with the arrow keys. The Tab key stops at
  // the list, and not at each button.
  #move(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    const buttons = [...this.#list.querySelectorAll('.copy')].filter((button) => button.checkVisibility());
    const at = buttons.indexOf(document.activeElement);
    const to = at < 0 ? buttons[0] : buttons[at + by];
    event.preventDefault();
    if (to) to.focus();
    else if (at === 0) this.#list.focus();
  }

  #item(frame) {
    const { socket, direction, text, event, at } = frame;
    const mark = { sent: ['↑', 'sent'], received: ['↓', 'received'], note: ['·', 'note'] }[direction];
    const head = el('div', { class: 'frame-head' },
      el('span', { class: 'mark', title: mark[1] }, mark[0]),
      el('span', { class: 'event' }, event),
      el('span', { class: 'line' }, socket),
      el('time', { datetime: at.toISOString() }, clock.format(at)));
    const item = el('li', { 'data-socket': socket, 'data-direction': direction, 'data-event': event }, head);
    if (direction === 'note') {
      item.append(el('p', {}, text));
      return item;
    }
    const code = el('code', {}, ...colour(text.slice(0, drawAtMost)), text.length > drawAtMost ? ' …' : '');
    const copy = el('button', { type: 'button', class: 'quiet copy', tabindex: '-1', 'aria-label': `Copy this frame: ${event}` }, 'Copy');
    copy.addEventListener('click', () => copyText(text, copy));
    head.append(copy);
    item.append(code);
    return item;
  }
}

// colour splits JSON text into nodes that keep every character in order. Lines may break after
// commas.
function* colour(text) {
  let end = 0;
  for (const match of text.matchAll(token)) {
    if (match.index > end) {
      yield text.slice(end, match.index);
      if (text[match.index - 1] === ',') yield el('wbr');
    }
    const [all, string, colon, number] = match;
    if (string === undefined) yield el('span', { class: number === undefined ? 'word' : 'number' }, all);
    else if (colon === undefined) yield el('span', { class: 'string' }, string);
    else {
      yield el('span', { class: 'name' }, string);
      yield colon;
    }
    end = match.index + all.length;
  }
  if (end < text.length) yield text.slice(end);
}

// copyText copies text to the clipboard and says on the button whether that worked. It works on
// insecure origins too.
async function copyText(text, button) {
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el('textarea', { class: 'unseen' });
    area.value = text;
    document.body.append(area);
    area.select();
    done = document.execCommand('copy');
    area.remove();
    button.focus();
  }
  const label = button.textContent;
  if (button.dataset.busy !== undefined) return;
  button.dataset.busy = '';
  button.textContent = done ? 'Copied' : 'Not allowed';
  setTimeout(() => {
    button.textContent = label;
    delete button.dataset.busy;
  }, 1_200);
}
