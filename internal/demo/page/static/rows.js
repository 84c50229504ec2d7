// Rows: what is known of a table, and what of it is not shown yet. It goes on
// while the table on the page holds still, and never holds more than its limit.

class Rows {
  #key;
  #limit;
  #rows = new Map(); // key → {data, stale}, oldest first
  #before = new Map(); // key → what the page shows of a row that has changed since

  columns = []; // in the table's own order
  calm = false; // what changed since the last drawing was loaded, and is no news

  constructor(key, limit) {
    this.#key = key;
    this.#limit = limit;
  }

  get size() { return this.#rows.size; }

  get(key) { return this.#rows.get(key); }

  isKey(column) { return this.#key.includes(column); }

  // apply takes an event in.
  apply(event) {
    switch (event.event) {
      case 'create':
      case 'update':
        this.#put(event);
        break;
      case 'delete':
        this.#drop(this.#name(event.data));
        break;
      case 'truncate':
        for (const key of [...this.#rows.keys()]) this.#drop(key);
        break;
    }
  }

  // load takes the rows that there are, in place of those that are held.
  load(events) {
    const there = new Set(events.map(({ data }) => this.#name(data)));
    for (const key of [...this.#rows.keys()]) if (!there.has(key)) this.#drop(key);
    for (const event of events) this.#put(event);
    this.calm = true;
  }

  // take returns what has changed since the last call, as a Map from key to
  // {row, appeared, old}: row is undefined for one that went; old has the previous
  // values of the cells that changed.
  take() {
    const changes = new Map();
    for (const [key, before] of this.#before) {
      const row = this.#rows.get(key);
      if (!row) {
        if (before.shown) changes.set(key, { old: {} });
        continue;
      }
      const known = before.shown ?? before.old ?? {};
      const old = {};
      for (const column of Object.keys(row.data)) {
        if (known[column] !== undefined && !same(known[column], row.data[column])) old[column] = known[column];
      }
      changes.set(key, { row, appeared: !before.shown, old });
    }
    this.#before.clear();
    return changes;
  }

  // age marks all rows as perhaps outdated: events were missed.
  age() {
    for (const [key, row] of this.#rows) {
      this.#touch(key, row);
      this.#rows.set(key, { ...row, stale: true });
    }
  }

  // all returns every row as if it had just appeared, for a page that begins anew.
  all() {
    this.#before.clear();
    return new Map([...this.#rows].map(([key, row]) => [key, { row, appeared: false, old: {} }]));
  }

  #put(event) {
    const key = this.#name(event.data);
    const earlier = this.#name({ ...event.data, ...event.old_data });
    if (event.event === 'update' && earlier !== key) this.#drop(earlier);
    const known = this.#rows.get(key);
    this.#touch(key, known, event.old_data);
    let data = event.data;
    if (event.unchanged) {
      data = { ...known?.data, ...data };
    } else {
      this.#learn(Object.keys(data));
    }
    this.#rows.set(key, { data, stale: false });
    if (this.#rows.size > this.#limit) this.#drop(this.#rows.keys().next().value);
  }

  #drop(key) {
    const known = this.#rows.get(key);
    if (!known) return;
    this.#touch(key, known);
    this.#rows.delete(key);
  }

  #touch(key, row, old) {
    const before = this.#before.get(key);
    if (!before) {
      this.#before.set(key, { shown: row && { ...row.data, ...old }, old });
    }
  }

  #name(data) {
    return this.#key.map((column) => show(data[column])).join(' · ');
  }

  #learn(columns) {
    if (columns.length !== this.columns.length || columns.some((c, i) => c !== this.columns[i])) this.columns = columns;
  }
}
