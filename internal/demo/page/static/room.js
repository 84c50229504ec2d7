// Room: one room, entered and entered again, with those who are in it.

class Room {
  #key;
  #me;
  #talk;
  #people;
  #speaker;
  #on;
  #id;
  #socket;
  #entered = false; // this room has been entered before
  #renamed = false;

  // on has state(name, detail), log(direction, text, event), people() and message().
  constructor(key, me, { talk, people, speaker }, on) {
    this.#key = key;
    this.#me = me;
    this.#talk = talk;
    this.#people = people;
    this.#speaker = speaker;
    this.#on = on;
  }

  get id() { return this.#id; }

  get hello() {
    return { api_key: this.#key, user_id: this.#me.id, user_name: this.#me.name, action: 'create', room_title: this.#id };
  }

  // enter goes to a room, out of the one before.
  enter(id) {
    const before = this.stop();
    this.#id = id;
    this.#entered = false;
    this.#talk.clear();
    this.#speaker.complain('');
    return this.#connect(before);
  }

  // rename comes in anew: a name is told on coming in.
  rename() {
    this.#renamed = true;
    return this.#connect(this.stop());
  }

  say(content) { return this.#socket?.send({ type: 'message', content }) ?? false; }

  retry() { this.#socket?.retry(); }

  stop() {
    const stopped = this.#socket?.stop();
    this.#socket = undefined;
    return stopped;
  }

  start() { return this.#connect(); }

  async #connect(before) {
    const id = this.#id;
    await before; // or else the server takes us for one person with two windows
    if (this.#socket || id !== this.#id) return;
    this.#socket = talkOver(socketURL('realtime', 'rooms', id), this.hello, this.#speaker, this.#on, (message) => this.#hear(message));
  }

  #hear(message) {
    if (message.event === 'joined') {
      this.#joined(message);
      return;
    }
    const { type, user_id: id, user_name: name } = message;
    if (!['message', 'user_joined', 'user_left'].includes(type)) return;
    const at = new Date(message.timestamp);
    this.#people.apply(message);
    this.#on.people();
    if (type === 'user_joined') this.#talk.came(id, name, at);
    else if (type === 'user_left') this.#talk.went(id, name, at);
    else this.#said(message, at);
  }

  #said({ user_id: id, user_name: name, content }, at) {
    const mine = id === this.#me.id;
    this.#talk.message({ id, name, content, at, mine });
    if (mine) this.#speaker.heard(content);
    else this.#on.message();
  }

  #joined(message) {
    this.#speaker.complain('');
    if (this.#renamed) this.#talk.note(`You are now ${this.#me.name}`);
    else if (this.#entered) this.#talk.note('Connected again. What was said meanwhile is not here.');
    this.#entered = true;
    this.#renamed = false;
    this.#people.begin(Number(message.participants.text));
    this.#on.people();
    this.#learn(this.#socket);
  }

  // learn asks who is here. If somebody comes or goes meanwhile, it asks again, but
  // not for ever: in a lively room the names come by themselves.
  async #learn(socket) {
    for (let i = 0; i < 3 && socket === this.#socket && socket?.live; i++) {
      const { changes } = this.#people;
      const rooms = await listRooms(this.#key);
      if (socket !== this.#socket || changes !== this.#people.changes) continue;
      const room = rooms.find((r) => r.id === this.#id);
      if (room) this.#people.fill(room.participant_list);
      return;
    }
  }
}

// listRooms gives the rooms in which somebody is; none where the server can't be asked.
async function listRooms(key) {
  try {
    const response = await fetch(new URL('realtime/rooms', new URL('.', location.href)), { headers: { 'X-API-Key': key } });
    return response.ok ? (await response.json()).rooms : [];
  } catch {
    return [];
  }
}
