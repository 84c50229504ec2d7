// Filters as they are typed: status=paid total_gte=100 name_contains="red shoes",
// or the JSON object itself. A value that is a number in JSON is sent as one, with
// every digit: inside a JSON column 5 and "5" are two things. Quotes make it text.

// filterJSON turns what was typed into the JSON of "filters". The error is for
// the person who typed it.
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
      throw new Error(`${key} is there twice. One of several values: ${key}_in=a,b. Either of two conditions: [or]${key}=a [or]${key}_2=b`);
    }
    filters.set(key, value);
  }
  return `{${[...filters].map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`;
}

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

// pairs splits key=value words, and gives each value as JSON; it may stand in double
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
