// Filters as they are typed: status=paid total_gte=100 name_contains="red shoes",
// or the JSON object itself.

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
  const filters = {};
  for (const [key, value] of pairs(text)) {
    if (Object.hasOwn(filters, key)) {
      throw new Error(`${key} is there twice. One of several values: ${key}_in=a,b. Either of two conditions: [or]${key}=a [or]${key}_2=b`);
    }
    Object.defineProperty(filters, key, { value, enumerable: true });
  }
  return JSON.stringify(filters);
}

// pairs splits key=value words; a value may stand in double quotes.
function* pairs(text) {
  const word = /\s*([^\s="]+)(=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$))?/gy;
  while (word.lastIndex < text.length) {
    const from = word.lastIndex;
    const match = word.exec(text);
    if (!match || match[2] === undefined) {
      const rest = text.slice(from).trim();
      throw new Error(`Write conditions as column=value, with double quotes around spaces. Not understood: ${rest}`);
    }
    yield [match[1], match[3] !== undefined ? match[3].replace(/\\(.)/g, '$1') : match[4]];
  }
}
