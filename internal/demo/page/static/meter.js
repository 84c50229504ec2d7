// Meter: counts events, in total and for each of the last seconds, and draws the seconds as bars.

const meterSeconds = 40; // bars
const rateSeconds = 10; // seconds that the rate is an average of

class Meter {
  total = 0;
  #seconds = new Array(meterSeconds).fill(0); // the current one is the last
  #began = performance.now();
  #bars;

  constructor(svg) {
    this.#bars = this.#seconds.map((_, i) => {
      const bar = document.createElementNS(svg.namespaceURI, 'rect');
      bar.setAttribute('x', i * 3);
      bar.setAttribute('width', 2);
      bar.setAttribute('rx', 1);
      return bar;
    });
    svg.replaceChildren(...this.#bars);
    this.draw();
  }

  count() {
    this.total++;
    this.#seconds[meterSeconds - 1]++;
  }

  // tick begins the next second.
  tick() {
    this.#seconds.shift();
    this.#seconds.push(0);
    this.draw();
  }

  // rate returns the average number of events in a second, over the last complete seconds.
  rate() {
    const age = Math.floor((performance.now() - this.#began) / 1_000);
    const over = Math.max(1, Math.min(rateSeconds, age));
    return this.#seconds.slice(-1 - over, -1).reduce((sum, n) => sum + n, 0) / over;
  }

  draw() {
    const highest = Math.max(4, ...this.#seconds);
    for (const [i, bar] of this.#bars.entries()) {
      const height = Math.max(2, (this.#seconds[i] / highest) * 24);
      bar.setAttribute('height', height.toFixed(1));
      bar.setAttribute('y', (24 - height).toFixed(1));
      bar.classList.toggle('none', this.#seconds[i] === 0);
    }
  }
}
