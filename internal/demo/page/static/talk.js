// Talk: a list of messages, joins and leaves, newest at the bottom. It scrolls to the newest,
// unless the person has scrolled up to read.

const keepLines = 200; // lines
const drawText = 4_000; // characters of a message that are drawn
const together = 120_000; // milliseconds within which messages of a person stand under one name
const minute = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

class Talk {
  #list;
  #newer; // the button that leads to the end
  #last; // the newest line: { node, kind, id, name, at }
  #atEnd = true;
  #planned = false;

  constructor(list, newer) {
    this.#list = list;
    this.#newer = newer;
    list.addEventListener('scroll', () => this.#scrolled());
    newer.addEventListener('click', () => this.#toEnd());
    new ResizeObserver(() => this.#atEnd && this.#toEnd()).observe(list);
  }

  clear() {
    this.#list.replaceChildren();
    this.#last = undefined;
    this.#toEnd();
  }

  // message adds a message.
  message({ id, name, content, at, mine }) {
    const { kind, id: before, name: nameBefore, at: then } = this.#last ?? {};
    const follows = kind === 'message' && before === id && nameBefore === name && at - then < together;
    const text = typeof content === 'string' ? content : compact(content);
    const body = el('p', { class: 'text', dir: 'auto', 'data-kind': typeof content === 'string' ? 'text' : 'json' },
      text.slice(0, drawText), text.length > drawText ? ' …' : '');
    const head = el('div', { class: 'by', 'data-follows': follows },
      el('bdi', { class: 'who', 'data-tone': toneOf(id) }, name),
      el('time', { datetime: at.toISOString(), title: otherDay.format(at) }, minute.format(at)));
    const node = el('div', { class: 'message', 'data-user': id, 'data-mine': mine, 'data-follows': follows }, head, body);
    this.#add({ node, kind: 'message', id, name, at });
    if (mine) this.#toEnd();
  }

  // joined adds that a person has joined. If the line before says that the same person left, one
  // line for both replaces it.
  joined(id, name, at) {
    const { kind, id: before, name: nameBefore, node } = this.#last ?? {};
    if (kind !== 'left' || before !== id) {
      this.#note('joined', id, name, at, ' joined');
      return;
    }
    node.remove();
    if (name === nameBefore) this.#note('back', id, name, at, ' is back');
    else this.#note('renamed', id, nameBefore, at, ' is now ', el('bdi', {}, name));
  }

  // left adds that a person has left.
  left(id, name, at) { this.#note('left', id, name, at, ' left'); }

  // note adds a line about this page itself.
  note(text) { this.#note('note', undefined, '', new Date(), text); }

  #note(kind, id, name, at, ...what) {
    const node = el('div', { class: 'happened', 'data-kind': kind, 'data-user': id },
      el('span', {}, el('bdi', {}, name), ...what),
      el('time', { datetime: at.toISOString() }, minute.format(at)));
    this.#add({ node, kind, id, name, at });
  }

  #add(line) {
    this.#list.append(line.node);
    this.#last = line;
    while (this.#list.childElementCount > keepLines) this.#list.firstElementChild.remove();
    if (this.#planned) return;
    this.#planned = true;
    requestAnimationFrame(() => {
      this.#planned = false;
      if (this.#atEnd) this.#toEnd();
      else this.#newer.hidden = false;
    });
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    if (clientHeight === 0) return; // the list is hidden
    this.#atEnd = scrollHeight - scrollTop - clientHeight < 48;
    if (this.#atEnd) this.#newer.hidden = true;
  }

  #toEnd() {
    this.#atEnd = true;
    this.#newer.hidden = true;
    this.#list.scrollTop = this.#list.scrollHeight;
  }
}
