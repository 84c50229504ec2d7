// Backend: asks the application behind the page for the rows that exist, and to make or change
// one. A page without a backend shows rows when they change.

class Backend {
  #base;
  #key;

  constructor(path, key) {
    this.#base = path && new URL(path, new URL('.', location.href));
    this.#key = key;
  }

  // exists tells whether the page has a backend.
  get exists() { return Boolean(this.#base); }

  // mayChange tells whether the page was opened on this machine: the backend refuses changes
  // from others.
  get mayChange() { return this.exists && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname); }

  // rows returns the rows that match the filters now, each as a create event.
  async rows(collection, filters) {
    const url = new URL(`rows/${encodeURIComponent(collection)}`, this.#base);
    url.searchParams.set('filters', filters);
    return this.#ask(url, {});
  }

  // change inserts a row, or updates the row with a key. It returns the statement that the
  // backend ran, and how many rows that changed.
  async change(collection, insert, key) {
    const answer = await this.#ask(new URL('change', this.#base), {
      method: 'POST', body: JSON.stringify({ collection, insert, key }),
    });
    return { statement: answer.statement, rows: Number(answer.rows.text) };
  }

  async #ask(url, options) {
    const response = await fetch(url, { ...options, headers: { 'X-API-Key': this.#key }, signal: AbortSignal.timeout(10_000) });
    const answer = parse(await response.text());
    if (response.ok) return answer;
    const error = new Error(answer.error ?? `the backend answered ${response.status}`);
    // Another try helps after a failure of the server or a limit, not after a mistake in the request.
    error.final = response.status >= 400 && response.status < 500 && response.status !== 429;
    throw error;
  }
}
