// Socket: keeps a WebSocket connected until it is stopped. After a lost connection it connects
// again and sends the first message, hello, again.

// All times are in milliseconds.
const pingEvery = 30_000;
const pongWithin = 10_000;
const closedWithin = 1_000;
const firstDelay = 400;
const longestDelay = 15_000;
const settled = 5_000; // after a connection this long, the delays start from firstDelay again

// refusals are the close codes after which connecting again does not help.
const refusals = new Set([4400, 4401, 4403, 4404]);

// greetings are the events that the server sends when it has accepted a socket.
const greetings = new Set(['connected', 'joined']);

class Socket {
  #url;
  #hello;
  #on;
  #socket;
  #timer;
  #alive; // timers of a live socket: {ping, pong}
  #attempts = 0;
  #liveSince;
  #error;

  // on has state(name, detail), sent(text), received(text, message), closed(code, reason).
  constructor(url, hello, on) {
    this.#url = url;
    this.#hello = hello;
    this.#on = on;
    this.#connect();
  }

  get live() { return this.#liveSince !== undefined; }

  // send sends a message. It returns false if the socket is not live.
  send(message) {
    if (!this.live) return false;
    this.#send(JSON.stringify(message));
    return true;
  }

  // stop closes the socket for good. The promise resolves when the server has confirmed that, or
  // after a second.
  stop() {
    clearTimeout(this.#timer);
    this.#liveSince = undefined;
    const socket = this.#detach();
    if (!socket || socket.readyState === WebSocket.CLOSED) return Promise.resolve();
    return new Promise((resolve) => {
      socket.onclose = resolve;
      setTimeout(resolve, closedWithin);
      socket.close(1000);
    });
  }

  // retry connects now if the socket waits to connect again.
  retry() {
    if (!this.#socket) this.#connect();
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#error = undefined;
    this.#liveSince = undefined;
    this.#on.state('connecting');
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => this.#send(this.#hello);
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code, reason }) => this.#closed(code, reason);
  }

  #send(text) {
    this.#socket.send(text);
    this.#on.sent(text);
  }

  #receive(text) {
    const message = parse(text);
    clearTimeout(this.#alive?.pong);
    if (greetings.has(message.event)) this.#welcome();
    if (message.error) this.#error = message;
    this.#on.received(text, message);
  }

  #welcome() {
    this.#liveSince = performance.now();
    this.#alive = {
      ping: setInterval(() => {
        this.#send('{"type":"ping"}');
        this.#alive.pong = setTimeout(() => this.#lost(), pongWithin);
      }, pingEvery),
    };
    this.#on.state('live');
  }

  // #lost gives up a socket that does not answer, without waiting for its close.
  #lost() {
    this.#detach().close();
    this.#closed(1006, 'no answer to the ping');
  }

  #closed(code, reason) {
    this.#detach();
    this.#on.closed(code, reason);
    if (refusals.has(code)) {
      this.#liveSince = undefined;
      this.#on.state('refused', { code, error: this.#error });
      return;
    }
    if (this.#liveSince !== undefined && performance.now() - this.#liveSince > settled) this.#attempts = 0;
    this.#liveSince = undefined;
    const delay = retryDelay(this.#attempts) * (code === 4429 ? 4 : 1);
    this.#attempts++;
    this.#timer = setTimeout(() => this.#connect(), delay);
    this.#on.state('waiting', { delay, code, error: this.#error });
  }

  #detach() {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
    clearInterval(this.#alive?.ping);
    clearTimeout(this.#alive?.pong);
    this.#alive = undefined;
    return socket;
  }
}

// retryDelay returns the milliseconds to wait after a failure that so many failures precede. The
// delay doubles up to longestDelay, and varies randomly, so that not all clients return at once.
function retryDelay(attempts) {
  return Math.min(longestDelay, firstDelay * 2 ** attempts) * (0.5 + Math.random() / 2);
}

// socketURL returns the address of a socket relative to the page, as of realtime/broadcast.
function socketURL(...path) {
  const url = new URL(path.map(encodeURIComponent).join('/'), new URL('.', location.href));
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
