// Room: the chat room that the person is in. It joins again after a lost connection.

class Room {
  #key;
  #me;
  #talk;
  #people;
  #speaker;
  #on;
  #id;
  #socket;
  #entered = false; // whether this room was joined before
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

  // enter leaves the room and joins another.
  enter(id) {
    const before = this.stop();
    this.#id = id;
    this.#entered = false;
    this.#talk.clear();
    this.#speaker.showError('');
    return this.#connect(before);
  }

  // rename joins again: the server takes the name from the first message.
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
    await before; // else the server counts one person with two sockets
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
    if (type === 'user_joined') this.#talk.joined(id, name, at);
    else if (type === 'user_left') this.#talk.left(id, name, at);
    else this.#said(message, at);
  }

  #said({ user_id: id, user_name: name, content }, at) {
    const mine = id === this.#me.id;
    this.#talk.message({ id, name, content, at, mine });
    if (mine) this.#speaker.heard(content);
    else this.#on.message();
  }

  #joined(message) {
    this.#speaker.showError('');
    if (this.#renamed) this.#talk.note(`You are now ${this.#me.name}`);
    else if (this.#entered) this.#talk.note('Connected again. Messages sent meanwhile are missing.');
    this.#entered = true;
    this.#renamed = false;
    this.#people.begin(Number(message.participants.text));
    this.#on.people();
    this.#loadNames(this.#socket);
  }

  // #loadNames asks the server who is here. If somebody joins or leaves meanwhile it asks again,
  // three times at most: in a lively room the messages bring the names.
  async #loadNames(socket) {
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

// listRooms returns the rooms with people in them, or an empty list if the request fails.
async function listRooms(key) {
  try {
    const response = await fetch(new URL('realtime/rooms', new URL('.', location.href)), { headers: { 'X-API-Key': key } });
    return response.ok ? (await response.json()).rooms : [];
  } catch {
    return [];
  }
}
