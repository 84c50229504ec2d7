// Backend: the application behind the page, which has the rows that exist, and the
// buttons that make and change one. A page may have none.

class Backend {
  #base;
  #key;

  constructor(path, key) {
    this.#base = path && new URL(path, new URL('.', location.href));
    this.#key = key;
  }

  get there() { return Boolean(this.#base); }

  // mayChange is for pages on the backend's own machine: it takes changes from no other.
  get mayChange() { return this.there && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname); }

  // rows gives the rows that match now, each as the event that would have made it.
  async rows(collection, filters) {
    const url = new URL(`rows/${encodeURIComponent(collection)}`, this.#base);
    url.searchParams.set('filters', filters);
    return this.#ask(url, {});
  }

  // change makes a row, or changes the one with a key. It gives the statement that did it.
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
    // The same question gets the same answer, but for a limit that was met.
    error.final = response.status >= 400 && response.status < 500 && response.status !== 429;
    throw error;
  }
}
