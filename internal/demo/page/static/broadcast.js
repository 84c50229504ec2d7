// Broadcast: sends announcements to everyone, and shows those of everyone.

class Broadcast {
  #key;
  #me;
  #talk;
  #speaker;
  #toasts;
  #on;
  #socket;

  // on has state(name, detail), log(direction, text, event) and message().
  constructor(key, me, { talk, speaker, toasts }, on) {
    this.#key = key;
    this.#me = me;
    this.#talk = talk;
    this.#speaker = speaker;
    this.#toasts = toasts;
    this.#on = on;
  }

  get hello() {
    return { api_key: this.#key, user_id: this.#me.id, user_name: this.#me.name };
  }

  // rename connects again: the server takes the name from the first message.
  rename() {
    this.stop();
    this.start();
  }

  say(text) { return this.#socket?.send({ type: 'message', data: { text } }) ?? false; }

  retry() { this.#socket?.retry(); }

  stop() { this.#socket?.stop(); }

  start() {
    this.#socket = talkOver(socketURL('realtime', 'broadcast'), this.hello, this.#speaker, this.#on, (message) => {
      if (message.event === 'connected') this.#speaker.showError('');
      if (message.type === 'message') this.#heard(message);
    });
  }

  // #heard shows an announcement. This page sends {"text": ...}; other clients may send any JSON.
  #heard({ user_id: id, user_name: name, data, timestamp }) {
    const content = data?.text ?? data;
    const mine = id === this.#me.id;
    this.#talk.message({ id, name, content, at: new Date(timestamp), mine });
    this.#toasts.show(id, name, typeof content === 'string' ? content : compact(content));
    if (mine) this.#speaker.heard(content);
    else this.#on.message();
  }
}

const toastFor = 8_000; // milliseconds
const toastsAtOnce = 3;
const toastText = 240; // characters that are shown; the list shows more

// Toasts shows announcements over the page for a while. They stay while the pointer or the focus
// is on them.
class Toasts {
  #place;

  constructor(place) {
    this.#place = place;
  }

  show(id, name, text) {
    const close = el('button', { type: 'button', class: 'quiet', 'aria-label': 'Dismiss' }, '✕');
    const toast = el('div', { class: 'toast', 'data-tone': toneOf(id) },
      el('p', { dir: 'auto' }, el('bdi', { class: 'who' }, name), el('span', { class: 'unseen' }, ' to everyone: '),
        el('span', { class: 'text' }, text.length > toastText ? `${text.slice(0, toastText)} …` : text)),
      close);
    let timer;
    const stay = () => clearTimeout(timer);
    const leave = () => {
      stay();
      timer = setTimeout(() => toast.remove(), toastFor);
    };
    close.addEventListener('click', () => toast.remove());
    toast.addEventListener('pointerenter', stay);
    toast.addEventListener('pointerleave', leave);
    toast.addEventListener('focusin', stay);
    toast.addEventListener('focusout', leave);
    leave();
    this.#place.append(toast);
    while (this.#place.childElementCount > toastsAtOnce) this.#place.firstElementChild.remove();
  }
}
