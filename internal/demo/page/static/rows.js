// Rows: the newest rows of a table, as events tell of them, and the changes that Table has not
// drawn yet. Rows takes in events while the page is paused too.

class Rows {
  #key; // names of the key's columns
  #limit; // most rows that are kept
  #rows = new Map(); // key → {data, stale}, oldest first
  #before = new Map(); // key → {shown, old} of each row that changed since the last takeChanges

  columns = []; // in the table's order
  calm = false; // the changes since the last drawing come from load: draw them without effects

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

  // load replaces all rows by those of the backend's create events.
  load(events) {
    const loaded = new Set(events.map(({ data }) => this.#name(data)));
    for (const key of [...this.#rows.keys()]) if (!loaded.has(key)) this.#drop(key);
    for (const event of events) this.#put(event);
    this.calm = true;
  }

  // takeChanges returns the changes since the last call, as a Map from key to
  // {row, appeared, old}. row is undefined if the row was deleted; appeared tells whether the
  // row is new; old has the previous values of the columns that changed.
  takeChanges() {
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

  // markStale marks all rows as possibly outdated, because events were missed.
  markStale() {
    for (const [key, row] of this.#rows) {
      this.#touch(key, row);
      this.#rows.set(key, { ...row, stale: true });
    }
  }

  // all returns every row in the form of takeChanges, for a table that is drawn again from the start.
  all() {
    this.#before.clear();
    return new Map([...this.#rows].map(([key, row]) => [key, { row, appeared: false, old: {} }]));
  }

  // #put inserts or replaces the row of an event.
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

  // #touch notes a row's state before its first change since the last takeChanges.
  #touch(key, row, old) {
    const before = this.#before.get(key);
    if (!before) {
      this.#before.set(key, { shown: row && { ...row.data, ...old }, old });
    }
  }

  // #name returns the text that identifies a row, made of its key's values.
  #name(data) {
    return this.#key.map((column) => show(data[column])).join(' · ');
  }

  // #learn takes over the columns of a whole row.
  #learn(columns) {
    if (columns.length !== this.columns.length || columns.some((c, i) => c !== this.columns[i])) this.columns = columns;
  }
}
