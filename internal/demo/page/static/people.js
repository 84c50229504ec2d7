// People: who is in a room. The server tells the number with every coming and
// going; names come from its list of rooms and from what people do.

const showPeople = 12;

class People {
  #list;
  #me;
  #names = new Map(); // user id → name, in the order of their coming

  count = 0;
  changes = 0; // how often somebody came or went

  constructor(list, me) {
    this.#list = list;
    this.#me = me;
  }

  // begin is for the moment when we have come in.
  begin(count) {
    this.#names.clear();
    this.#names.set(this.#me.id, this.#me.name);
    this.count = count;
    this.changes++;
    this.draw();
  }

  // apply takes in that somebody came, went or spoke. It gives the name by which the
  // person went before.
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

  // fill takes the participants as the list of rooms has them.
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
