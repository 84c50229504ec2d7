-- What a client may have meant by a name that no collection has: first the tables and
-- views with that name, then those with the same letters in another schema or case.
-- $1, $2: the schemas and names of the tables that the name may mean.
WITH asked AS (
  SELECT * FROM unnest($1::text[], $2::text[]) AS a (schema_name, table_name)
)
SELECT
  n.nspname::text AS schema_name,
  c.relname::text AS table_name,
  c.relkind::text AS kind,
  CASE WHEN c.relispartition THEN rn.nspname ELSE '' END::text AS root_schema,
  CASE WHEN c.relispartition THEN r.relname ELSE '' END::text AS root_name,
  n.nspname IN ('pg_catalog', 'information_schema', 'pg_toast') AS system,
  EXISTS (SELECT FROM asked WHERE schema_name = n.nspname AND table_name = c.relname) AS named
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class r ON c.relispartition AND r.oid = pg_partition_root(c.oid)
LEFT JOIN pg_namespace rn ON rn.oid = r.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND lower(c.relname) IN (SELECT lower(table_name) FROM asked)
  AND n.nspname !~ '^pg_(temp|toast_temp)_'
ORDER BY named DESC, system, c.relispartition, n.nspname <> 'public', n.nspname, c.relname
LIMIT 3
