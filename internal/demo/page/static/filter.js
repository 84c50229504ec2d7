// Filters as people type them: status=paid total_gte=100 name_contains="red shoes", or a JSON
// object. The page sends a value that is a number in JSON as a number, with every digit: inside
// a JSON column 5 and "5" differ. Double quotes make a value text.

// filterJSON returns the JSON of "filters" for a typed filter. It throws an error for the person
// who typed it.
function filterJSON(typed) {
  const text = typed.trim();
  if (text === '') return '{}';
  if (text.startsWith('{')) {
    try {
      JSON.parse(text);
    } catch (error) {
      throw new Error(`This is not JSON yet: ${error.message}`);
    }
    return text;
  }
  const filters = new Map(); // key → JSON
  for (const [key, value] of pairs(text)) {
    if (filters.has(key)) {
      throw new Error(`${key} occurs twice. For one of several values write ${key}_in=a,b; for either of two conditions [or]${key}=a [or]${key}_2=b`);
    }
    filters.set(key, value);
  }
  return `{${[...filters].map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`;
}

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

// pairs yields [key, value as JSON] for each key=value in text. A value may stand in double
// quotes.
function* pairs(text) {
  const word = /\s*([^\s="]+)(=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$))?/gy;
  while (word.lastIndex < text.length) {
    const from = word.lastIndex;
    const match = word.exec(text);
    if (!match || match[2] === undefined) {
      const rest = text.slice(from).trim();
      throw new Error(`Write conditions as column=value, with double quotes around spaces. Not understood: ${rest}`);
    }
    const [, key, , quoted, bare] = match;
    if (quoted !== undefined) yield [key, JSON.stringify(quoted.replace(/\\(.)/g, '$1'))];
    else yield [key, jsonNumber.test(bare) ? bare : JSON.stringify(bare)];
  }
}
