// Wire: the frames as they went over the socket, newest on top.

const keepFrames = 100;
const drawAtMost = 4_000; // characters of one frame; copying gives all of it
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23' });
const token = /("(?:[^"\\]|\\.)*"?)(\s*:)?|(-?\d[\d.eE+-]*)|\b(true|false|null)\b/g;

class Wire {
  #list;
  #frames = []; // newest first, at most keepFrames
  #waiting = []; // not drawn yet; oldest first, at most keepFrames

  constructor(list) {
    this.#list = list;
    list.replaceChildren();
  }

  // add takes a frame in: direction is sent, received or note.
  add(direction, text, event = '') {
    this.#waiting.push({ direction, text, event, at: new Date() });
    if (this.#waiting.length > keepFrames) this.#waiting.shift();
  }

  draw() {
    for (const frame of this.#waiting) {
      this.#frames.unshift(frame);
      this.#list.prepend(this.#item(frame));
    }
    this.#waiting = [];
    this.#frames.length = Math.min(this.#frames.length, keepFrames);
    while (this.#list.childElementCount > keepFrames) this.#list.lastElementChild.remove();
  }

  // text is all that is shown, newest first.
  text() {
    return this.#frames.map((frame) => frame.text).join('\n');
  }

  #item(frame) {
    const { direction, text, event, at } = frame;
    const mark = { sent: ['↑', 'sent'], received: ['↓', 'received'], note: ['·', 'note'] }[direction];
    const head = el('div', { class: 'frame-head' },
      el('span', { class: 'mark', title: mark[1] }, mark[0]),
      el('span', { class: 'event' }, event),
      el('time', { datetime: at.toISOString() }, clock.format(at)));
    const item = el('li', { 'data-direction': direction, 'data-event': event }, head);
    if (direction === 'note') {
      item.append(el('p', {}, text));
      return item;
    }
    const code = el('code', {}, ...colour(text.slice(0, drawAtMost)), text.length > drawAtMost ? ' …' : '');
    const copy = el('button', { type: 'button', class: 'quiet copy', 'aria-label': 'Copy this frame' }, 'Copy');
    copy.addEventListener('click', () => copyText(text, copy));
    head.append(copy);
    item.append(code);
    return item;
  }
}

// colour cuts JSON text into nodes, in the order and with every character of the
// text. Lines may break behind its commas.
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

// copyText copies, also where the page is not on a secure origin, and says so on the button.
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
