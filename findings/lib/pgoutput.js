// Shared by the scripts of this folder: a connection, pgoutput messages as text, the verdict.
'use strict';

// connect opens a connection to a server on a port of the loopback interface.
exports.connect = async (port, options = {}) => {
  const { Client } = require('pg');
  const client = new Client({ host: '127.0.0.1', port: Number(port), user: 'postgres', database: 'postgres', ...options });
  client.on('error', () => {});
  await client.connect();
  return client;
};

// run executes statements one by one, each in a transaction of its own.
exports.run = async (client, ...statements) => {
  for (const statement of statements) await client.query(statement);
};

// peek returns the messages that pgoutput makes of what a slot holds; consume has the slot move on.
exports.peek = async (client, slot, options = {}, consume = false) => {
  const all = { proto_version: '1', publication_names: 'pub', ...options };
  const list = Object.entries(all).map(([name, value]) => `'${name}', '${value}'`).join(', ');
  const { rows } = await client.query(
    `SELECT data FROM pg_logical_slot_${consume ? 'get' : 'peek'}_binary_changes('${slot}', NULL, NULL, ${list})`);
  return rows.map((row) => exports.text(row.data));
};

// error runs a statement that may fail, and returns the error's SQLSTATE and text.
exports.error = async (client, statement) => {
  try {
    await client.query(statement);
    return 'no error';
  } catch (e) {
    return `${e.code}: ${e.message}${e.detail ? ` (${e.detail})` : ''}`;
  }
};

// text renders one message of pgoutput's protocol, outside streamed transactions. An asterisk marks an identity's column.
exports.text = (message) => {
  let at = 1;
  const byte = () => String.fromCharCode(message[at++]);
  const int16 = () => message.readInt16BE((at += 2) - 2);
  const int32 = () => message.readUInt32BE((at += 4) - 4);
  const string = () => {
    const end = message.indexOf(0, at);
    const s = message.toString('utf8', at, end);
    at = end + 1;
    return s;
  };
  const value = () => {
    const kind = byte();
    if (kind === 'n') return 'NULL';
    if (kind === 'u') return 'unchanged';
    const length = int32();
    const s = message.toString('utf8', (at += length) - length, at);
    return s.length > 30 ? `${s.slice(0, 3)}...` : s;
  };
  const tuple = () => `(${Array.from({ length: int16() }, value).join(', ')})`;
  const kind = String.fromCharCode(message[0]);
  switch (kind) {
    case 'R': {
      int32();
      const name = `${string()}.${string()}`;
      const identity = byte();
      const columns = Array.from({ length: int16() }, () => {
        const flags = message[at++];
        const column = string();
        at += 8;
        return column + (flags & 1 ? '*' : '');
      });
      return `Relation ${name} identity=${identity} (${columns.join(', ')})`;
    }
    case 'Y':
      int32();
      return `Type "${string()}"."${string()}"`;
    case 'I':
      at = 6;
      return `Insert ${tuple()}`;
    case 'U': {
      at = 5;
      let s = 'Update';
      for (let part = byte(); ; part = byte()) {
        s += ` ${part}${tuple()}`;
        if (part === 'N') return s;
      }
    }
    case 'D':
      at = 5;
      return `Delete ${byte()}${tuple()}`;
    case 'B': return 'Begin';
    case 'C': return 'Commit';
    case 'b': return 'Begin Prepare';
    case 'P': return 'Prepare';
    case 'K': return 'Commit Prepared';
    case 'r': return 'Rollback Prepared';
    case 'T': return 'Truncate';
    default: return `message ${kind}`;
  }
};

let changed = false;

// see prints what was seen of something, and compares it with what was recorded.
exports.see = (what, seen, recorded) => {
  const [s, r] = [seen, recorded].map((x) => (typeof x === 'string' ? x : JSON.stringify(x)));
  console.log(`${what}: ${s}`);
  if (s === r) return;
  changed = true;
  console.log(`  recorded: ${r}`);
};

// end prints the verdict and ends the script with it.
exports.end = () => {
  console.log(changed ? 'CHANGED' : 'as recorded');
  process.exit(changed ? 1 : 0);
};

process.on('unhandledRejection', (e) => {
  console.error(e);
  process.exit(1);
});
