// Status: how a socket is, in a word or two, with a countdown while it waits.

class Status {
  #node;
  #text;
  #live;
  #countdown;

  // node has a dot and the text; live gives the words for a socket that is.
  constructor(node, live) {
    this.#node = node;
    this.#text = node.lastElementChild;
    this.#live = live;
  }

  get text() { return this.#text.textContent; }

  // show takes the name and the detail that a Socket tells.
  show(name, detail) {
    clearInterval(this.#countdown);
    this.#node.dataset.state = name;
    if (name !== 'waiting') {
      this.#write({ connecting: 'Connecting', live: this.#live(), refused: `Refused, ${detail?.code}` }[name]);
      return;
    }
    const until = performance.now() + detail.delay;
    const tick = () => this.#write(`Back in ${Math.max(1, Math.ceil((until - performance.now()) / 1_000))} s`);
    tick();
    this.#countdown = setInterval(tick, 500);
  }

  // refresh writes the words anew, if the socket is live.
  refresh() {
    if (this.#node.dataset.state === 'live') this.#write(this.#live());
  }

  #write(text) {
    if (this.text !== text) this.#text.textContent = text;
  }
}
