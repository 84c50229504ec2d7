// Person: the visitor's id and name. They survive a reload; another window has others.

const longestName = 32; // characters
const manners = ['Amber', 'Brave', 'Bright', 'Calm', 'Clever', 'Gentle', 'Happy', 'Jolly', 'Kind', 'Lively', 'Lucky', 'Merry', 'Nimble', 'Quiet', 'Sunny', 'Swift', 'Tidy', 'Warm', 'Wise', 'Witty'];
const animals = ['Badger', 'Beaver', 'Dolphin', 'Falcon', 'Finch', 'Fox', 'Gecko', 'Hare', 'Heron', 'Ibis', 'Koala', 'Lynx', 'Magpie', 'Marten', 'Otter', 'Owl', 'Panda', 'Puffin', 'Robin', 'Seal', 'Stork', 'Swan', 'Turtle', 'Wren'];

class Person {
  #stored;

  constructor() {
    this.#stored = new SessionValue('person');
    const { id, name } = this.#stored.value ?? {};
    this.id = id ?? `guest_${[...random(4)].map((n) => n.toString(36).padStart(7, '0')).join('').slice(0, 12)}`;
    this.name = name ?? `${pick(manners)} ${pick(animals)}`;
    this.#store();
  }

  // rename sets the name to what was typed. It returns whether the name has changed.
  rename(typed) {
    const name = [...typed.trim().replace(/\s+/g, ' ')].slice(0, longestName).join('').trim();
    if (name === '' || name === this.name) return false;
    this.name = name;
    this.#store();
    return true;
  }

  #store() {
    this.#stored.value = { id: this.id, name: this.name };
  }
}

// SessionValue is a value in the browser's session storage. It survives a reload, unless the
// browser forbids storage.
class SessionValue {
  #name;

  constructor(name) {
    this.#name = `tablewire.${name}`;
  }

  get value() {
    try {
      return JSON.parse(sessionStorage.getItem(this.#name)) ?? undefined;
    } catch {
      return undefined;
    }
  }

  set value(value) {
    try {
      sessionStorage.setItem(this.#name, JSON.stringify(value));
    } catch {
      // without storage a reload loses the value
    }
  }
}

// random returns n random 32-bit numbers.
function random(n) {
  return crypto.getRandomValues(new Uint32Array(n));
}

// pick returns a random item.
function pick(list) {
  return list[random(1)[0] % list.length];
}

const tones = ['blue', 'violet', 'green', 'amber', 'teal', 'red'];

// toneOf returns a person's colour. It is the same in every window.
function toneOf(id) {
  let sum = 7;
  for (const c of id) sum = (sum * 31 + c.codePointAt(0)) % 1_000_003;
  return tones[sum % tones.length];
}
