// Status: shows a socket's state in a word or two, with a countdown until it connects again.

class Status {
  #node;
  #text;
  #live;
  #countdown;

  // node contains a dot and the text. live returns the text for a live socket.
  constructor(node, live) {
    this.#node = node;
    this.#text = node.lastElementChild;
    this.#live = live;
  }

  get text() { return this.#text.textContent; }

  // show shows a state: the arguments are those of a Socket's state(name, detail).
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

  // refresh writes the text of a live socket again.
  refresh() {
    if (this.#node.dataset.state === 'live') this.#write(this.#live());
  }

  #write(text) {
    if (this.text !== text) this.#text.textContent = text;
  }
}
