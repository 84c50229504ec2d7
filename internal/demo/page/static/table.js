// Table: draws the changes of Rows into the HTML table.

const oldValueFor = 5_000; // milliseconds that the old value of a cell stays visible
const widest = 22; // characters of the widest column
const newFor = 2_800; // milliseconds that a new row is highlighted
const fadeFor = 900; // milliseconds that a deleted row fades
const manyAtOnce = 40; // more changes than this are drawn without effects

class Table {
  #head;
  #body;
  #columns = [];
  #widths = [];
  #badges;
  #isKey;

  constructor(head, body, badges, isKey) {
    this.#head = head;
    this.#body = body;
    this.#badges = badges;
    this.#isKey = isKey;
    head.replaceChildren();
    body.replaceChildren();
  }

  // draw draws the changes of rows. The oldest change is at the bottom.
  draw(rows) {
    let changes = rows.takeChanges();
    if (this.#columns !== rows.columns) {
      this.#columns = rows.columns;
      this.#widths = rows.columns.map((name) => Math.max(4, Math.ceil(name.length * 0.85)));
      this.#body.replaceChildren();
      changes = new Map([...rows.all()].map(([key, change]) => [key, changes.get(key) ?? change]));
    }
    const calm = rows.calm || changes.size > manyAtOnce;
    rows.calm = false;
    const widths = this.#widths.join();
    for (const [key, change] of changes) this.#drawRow(key, change, calm);
    if (widths !== this.#widths.join() || this.#head.childElementCount === 0) this.#drawHead();
  }

  #drawHead() {
    const cells = this.#columns.map((name, i) => {
      const th = el('th', { scope: 'col', role: 'columnheader', 'data-key': this.#isKey(name) }, name);
      th.style.width = `calc(${this.#widths[i]}ch + 1.75rem)`;
      return th;
    });
    this.#head.replaceChildren(el('tr', { role: 'row' }, ...cells, el('th', { class: 'rest', 'aria-hidden': 'true' })));
  }

  #drawRow(key, { row, old }, calm) {
    const shown = this.#find(key);
    if (!row) {
      if (shown) this.#fade(shown, calm);
      return;
    }
    if (shown) {
      shown.classList.toggle('stale', row.stale);
      for (const [i, column] of this.#columns.entries()) {
        if (Object.hasOwn(old, column)) shown.cells[i].replaceChildren(...this.#content(i, row.data[column], old[column]));
      }
      return;
    }
    const cells = this.#columns.map((column, i) =>
      el('td', { role: 'cell', 'data-column': column },
        ...this.#content(i, row.data[column], old[column])));
    const classes = `${calm ? '' : 'new'} ${row.stale ? 'stale' : ''}`.trim();
    const tr = el('tr', { role: 'row', 'data-key': key, class: classes || undefined }, ...cells, el('td', { class: 'rest', 'aria-hidden': 'true' }));
    setTimeout(() => tr.classList.remove('new'), newFor);
    this.#body.prepend(tr);
  }

  // #content returns the nodes of a cell: for a while the old value, and below it the value.
  #content(i, value, old) {
    const column = this.#columns[i];
    const text = show(value);
    this.#widen(i, text.length);
    const node = el('span', { class: 'value', 'data-kind': kind(value), title: whole(value) });
    if (Object.hasOwn(this.#badges, column) && typeof value === 'string') {
      this.#widen(i, text.length + 2);
      node.append(el('span', { class: 'badge', 'data-tone': this.#badges[column][value] ?? 'grey' }, value));
    } else if (kind(value) === 'list') {
      node.append(...value.map((item) => el('span', { class: 'tag' }, item)));
      this.#widen(i, text.length + value.length);
    } else {
      node.textContent = text;
    }
    if (old === undefined) return [node];
    node.classList.add('changed');
    const was = el('del', { title: `before: ${whole(old)}`, 'data-kind': kind(old) }, show(old));
    setTimeout(() => was.remove(), oldValueFor);
    return [was, node];
  }

  // #widen makes a column wide enough for so many characters. Columns never get narrower, so
  // that the table does not jump.
  #widen(i, characters) {
    this.#widths[i] = Math.max(this.#widths[i], Math.min(widest, characters));
  }

  #fade(tr, calm) {
    if (calm) {
      tr.remove();
      return;
    }
    tr.dataset.gone = '';
    setTimeout(() => tr.remove(), fadeFor);
  }

  // firstVisible returns the key of the first row that the person sees, or of the first row.
  firstVisible() {
    const rows = [...this.#body.querySelectorAll('tr:not([data-gone])')];
    const top = this.#head.getBoundingClientRect().bottom - 1;
    return (rows.find((tr) => tr.getBoundingClientRect().top >= top) ?? rows[0])?.dataset.key;
  }

  #find(key) {
    return this.#body.querySelector(`tr[data-key="${CSS.escape(key)}"]:not([data-gone])`);
  }
}
