// People: who is in a room. The server sends the number with each join and leave. Names come
// from its list of rooms and from messages.

const showPeople = 12; // names that are shown

class People {
  #list;
  #me;
  #names = new Map(); // user id → name, in the order of joining

  count = 0; // people in the room
  changes = 0; // joins and leaves so far

  constructor(list, me) {
    this.#list = list;
    this.#me = me;
  }

  // begin starts from the moment when this page has joined: count people are in the room.
  begin(count) {
    this.#names.clear();
    this.#names.set(this.#me.id, this.#me.name);
    this.count = count;
    this.changes++;
    this.draw();
  }

  // apply takes in a message about a join or a leave, or from a person. It returns the name that
  // the person had before.
  apply({ type, user_id: id, user_name: name, room_info: room }) {
    const before = this.#names.get(id);
    if (type === 'user_left') this.#names.delete(id);
    else if (type === 'user_joined' || before !== undefined) this.#names.set(id, String(name));
    if (room?.participants !== undefined) {
      this.count = Number(room.participants.text);
      this.changes++;
    }
    this.draw();
    return before;
  }

  // fill takes over the names from the list of rooms.
  fill(participants) {
    this.#names = new Map([[this.#me.id, this.#me.name]]);
    for (const { id, name } of participants) if (id !== this.#me.id) this.#names.set(id, name);
    this.draw();
  }

  draw() {
    const shown = [...this.#names].slice(0, showPeople);
    const items = shown.map(([id, name]) => {
      const item = el('li', { class: 'person', 'data-user': id, 'data-tone': toneOf(id), title: name }, el('bdi', {}, name));
      if (id === this.#me.id) item.append(el('span', { class: 'you' }, 'you'));
      return item;
    });
    const more = this.count - shown.length;
    if (more > 0) items.push(el('li', { class: 'more' }, `${number.format(more)} more`));
    this.#list.replaceChildren(...items);
  }
}
