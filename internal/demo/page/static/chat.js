// Chat: the panel with the room and the broadcast, and its controls.

const defaultRoom = 'lobby';

class Chat {
  #key;
  #me = new Person();
  #storedRoom = new SessionValue('room');
  #room;
  #roomSpeaker;
  #broadcast;
  #people;
  #shown = 'room';
  #unread = { room: 0, broadcast: 0 };

  // log(socket, direction, text, event) is called for every frame.
  constructor(key, log) {
    this.#key = key;
    const talkOf = (name) => new Talk($(`${name}-log`), $(`${name}-newer`));
    const speakerOf = (name) => new Speaker($(`${name}-say`), $(`${name}-error`), (text) => (name === 'room' ? this.#room : this.#broadcast).say(text));
    this.#roomSpeaker = speakerOf('room');
    const on = (name, status) => ({
      state: (...state) => status.show(...state),
      log: (...frame) => log(name, ...frame),
      people: () => status.refresh(),
      message: () => this.#count(name),
    });
    this.#people = new People($('people'), this.#me);
    const present = new Status($('room-state'), () => `${number.format(this.#people.count)} here`);
    const heard = new Status($('broadcast-state'), () => 'Live');
    this.#room = new Room(key, this.#me, { talk: talkOf('room'), people: this.#people, speaker: this.#roomSpeaker }, on('room', present));
    this.#broadcast = new Broadcast(key, this.#me, { talk: talkOf('broadcast'), speaker: speakerOf('broadcast'), toasts: new Toasts($('toasts')) }, on('broadcast', heard));
    this.#listen();
  }

  start() {
    this.#enter(this.#storedRoom.value ?? defaultRoom);
    this.#broadcast.start();
  }

  // restart connects again when the browser restores the page from its cache.
  restart() {
    this.#room.start();
    this.#broadcast.start();
  }

  stop() {
    this.#room.stop();
    this.#broadcast.stop();
  }

  retry() {
    this.#room.retry();
    this.#broadcast.retry();
  }

  // snippet returns a JavaScript program that does the same.
  snippet(name) {
    const [url, hello, message] = name === 'room'
      ? [socketURL('realtime', 'rooms', $('room-id').value), this.#room.hello, { type: 'message', content: 'Hello' }]
      : [socketURL('realtime', 'broadcast'), this.#broadcast.hello, { type: 'message', data: { text: 'Hello' } }];
    const fields = Object.entries(hello).map(([k, v]) => `  ${k}: ${JSON.stringify(v)},\n`).join('');
    return `const ws = new WebSocket(${JSON.stringify(url)});
ws.onopen = () => ws.send(JSON.stringify({
${fields}}));
ws.onmessage = ({ data }) => console.log(JSON.parse(data));

// later
ws.send(JSON.stringify(${JSON.stringify(message)}));
`;
  }

  #listen() {
    $('me').value = this.#me.name;
    $('me').dataset.tone = toneOf(this.#me.id);
    $('me').addEventListener('change', () => this.#rename());
    $('room-id').addEventListener('change', () => this.#enter($('room-id').value));
    $('room-id').addEventListener('focus', () => this.#offerRooms());
    for (const id of ['me', 'room-id']) {
      $(id).addEventListener('focus', () => { $(id).defaultValue = $(id).value; });
      $(id).addEventListener('keydown', commitOrRevert);
    }
    for (const tab of this.#tabs()) tab.addEventListener('click', () => this.#show(tab.dataset.talk));
    $('talk-tabs').addEventListener('keydown', (event) => this.#moveTab(event));
    $('second').addEventListener('click', () => open(location.href, '_blank', 'noopener'));
  }

  #rename() {
    if (this.#me.rename($('me').value)) {
      this.#room.rename();
      this.#broadcast.rename();
    }
    $('me').value = this.#me.name;
  }

  #enter(typed) {
    const id = typed.trim() || defaultRoom;
    if (/^\.\.?$/.test(id)) { // a URL's path can't have these as names
      this.#roomSpeaker.showError('A room needs another name than dots.');
      $('room-id').value = this.#room.id;
      return;
    }
    $('room-id').value = id;
    if (id === this.#room.id) return;
    this.#storedRoom.value = id;
    this.#room.enter(id);
    $('room-say').querySelector('input').placeholder = `Message ${id}`;
  }

  async #offerRooms() {
    if ($('room-state').dataset.state !== 'live') return;
    const rooms = await listRooms(this.#key);
    $('rooms').replaceChildren(...rooms.slice(0, 50).map(({ id, participants }) => el('option', { value: id }, `${number.format(participants)} here`)));
  }

  #tabs() { return [...$('talk-tabs').children]; }

  #show(name) {
    this.#shown = name;
    this.#unread[name] = 0;
    this.#drawTabs();
  }

  #count(name) {
    if (name !== this.#shown) this.#unread[name]++;
    this.#drawTabs();
  }

  #drawTabs() {
    for (const tab of this.#tabs()) {
      const { talk } = tab.dataset;
      const on = talk === this.#shown;
      tab.setAttribute('aria-selected', on);
      tab.tabIndex = on ? 0 : -1;
      const unread = tab.querySelector('.unread');
      unread.textContent = this.#unread[talk] > 99 ? '99+' : this.#unread[talk];
      unread.hidden = this.#unread[talk] === 0;
      $(`${talk}-panel`).hidden = !on;
    }
  }

  #moveTab(event) {
    const tabs = this.#tabs();
    const at = tabs.findIndex((tab) => tab.dataset.talk === this.#shown);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const tab = tabs[(to + tabs.length) % tabs.length];
    this.#show(tab.dataset.talk);
    tab.focus();
  }
}

// commitOrRevert ends the editing of a field: Enter keeps the new text, Escape restores the old.
function commitOrRevert({ key, target, isComposing }) {
  if (isComposing) return;
  if (key === 'Escape') target.value = target.defaultValue;
  if (key === 'Enter' || key === 'Escape') target.blur();
}
