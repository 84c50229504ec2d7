// Values: JSON as PostgreSQL wrote it, with all digits of numbers, and how to show it.

// NumberText is a number with the digits that were sent: 19.90 stays 19.90, and an integer
// beyond 2^53 is not rounded.
class NumberText {
  constructor(text) { this.text = text; }
}

// parse reads JSON, with numbers as NumberText. In a browser that does not tell the source text
// of a number, the digits are those of the rounded number.
function parse(json) {
  return JSON.parse(json, (_, value, context) =>
    typeof value === 'number' ? new NumberText(context?.source ?? String(value)) : value);
}

// compact returns a value as JSON text.
function compact(value) {
  if (value instanceof NumberText) return value.text;
  if (Array.isArray(value)) return `[${value.map(compact).join(', ')}]`;
  if (value !== null && typeof value === 'object') {
    return `{${Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}: ${compact(v)}`).join(', ')}}`;
  }
  return JSON.stringify(value);
}

const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)$/;
const today = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const otherDay = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

// kind says how to show a value.
function kind(value) {
  if (value === undefined) return 'unknown';
  if (value === null) return 'null';
  if (value instanceof NumberText) return 'number';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return timestamp.test(value) ? 'time' : 'text';
  if (Array.isArray(value) && value.length > 0 && value.every((v) => typeof v === 'string')) return 'list';
  return 'json';
}

// show returns a value as a person reads it.
function show(value) {
  switch (kind(value)) {
    case 'unknown': return '…';
    case 'text': return value;
    case 'time': {
      const at = new Date(value);
      return (at.toDateString() === new Date().toDateString() ? today : otherDay).format(at);
    }
    case 'list': return value.join(', ');
    default: return compact(value);
  }
}

// whole returns the complete value, for the tooltip of a cell.
function whole(value) {
  return typeof value === 'string' ? value : value === undefined ? 'not sent, because it did not change' : compact(value);
}

// same tells whether two values are equal as JSON text.
function same(a, b) {
  return a === b || (a !== undefined && b !== undefined && compact(a) === compact(b));
}

// el creates an element. Children that are not nodes become text.
function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children);
  return node;
}
