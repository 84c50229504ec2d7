// Person: who the visitor is. A reload is the same person, another window another.

const longestName = 32;
const manners = ['Amber', 'Brave', 'Bright', 'Calm', 'Clever', 'Gentle', 'Happy', 'Jolly', 'Kind', 'Lively', 'Lucky', 'Merry', 'Nimble', 'Quiet', 'Sunny', 'Swift', 'Tidy', 'Warm', 'Wise', 'Witty'];
const animals = ['Badger', 'Beaver', 'Dolphin', 'Falcon', 'Finch', 'Fox', 'Gecko', 'Hare', 'Heron', 'Ibis', 'Koala', 'Lynx', 'Magpie', 'Marten', 'Otter', 'Owl', 'Panda', 'Puffin', 'Robin', 'Seal', 'Stork', 'Swan', 'Turtle', 'Wren'];

class Person {
  #kept;

  constructor() {
    this.#kept = new Kept('person');
    const { id, name } = this.#kept.value ?? {};
    this.id = id ?? `guest_${[...random(4)].map((n) => n.toString(36).padStart(7, '0')).join('').slice(0, 12)}`;
    this.name = name ?? `${pick(manners)} ${pick(animals)}`;
    this.#keep();
  }

  // rename takes what was typed. It tells whether that is another name.
  rename(typed) {
    const name = [...typed.trim().replace(/\s+/g, ' ')].slice(0, longestName).join('').trim();
    if (name === '' || name === this.name) return false;
    this.name = name;
    this.#keep();
    return true;
  }

  #keep() {
    this.#kept.value = { id: this.id, name: this.name };
  }
}

// Kept is a value that outlives a reload, where the browser allows that.
class Kept {
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
      // then it lasts as long as the page
    }
  }
}

function random(n) {
  return crypto.getRandomValues(new Uint32Array(n));
}

function pick(list) {
  return list[random(1)[0] % list.length];
}

const tones = ['blue', 'violet', 'green', 'amber', 'teal', 'red'];

// toneOf gives a person a colour, the same in every window.
function toneOf(id) {
  let sum = 7;
  for (const c of id) sum = (sum * 31 + c.codePointAt(0)) % 1_000_003;
  return tones[sum % tones.length];
}
