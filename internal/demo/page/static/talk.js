// Talk: what was said and what happened, newest at the bottom. It keeps to its end
// unless somebody has scrolled up to read.

const keepLines = 200;
const drawText = 4_000; // characters of one message
const together = 120_000; // messages of one person in so many milliseconds stand together
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

  // message shows what somebody has said.
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

  // came and went tell of somebody; who comes straight back is told of once.
  came(id, name, at) {
    const { kind, id: before, name: nameBefore, node } = this.#last ?? {};
    if (kind !== 'left' || before !== id) {
      this.#note('joined', id, name, at, ' joined');
      return;
    }
    node.remove();
    if (name === nameBefore) this.#note('back', id, name, at, ' is back');
    else this.#note('renamed', id, nameBefore, at, ' is now ', el('bdi', {}, name));
  }

  went(id, name, at) { this.#note('left', id, name, at, ' left'); }

  // note tells of ourselves.
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
    if (clientHeight === 0) return; // it is not on the page now
    this.#atEnd = scrollHeight - scrollTop - clientHeight < 48;
    if (this.#atEnd) this.#newer.hidden = true;
  }

  #toEnd() {
    this.#atEnd = true;
    this.#newer.hidden = true;
    this.#list.scrollTop = this.#list.scrollHeight;
  }
}
