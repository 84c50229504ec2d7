-- All tables of the database that a user made, with what decides whether their
-- changes can be published. Partitions are published through their root.
SELECT
  c.oid,
  n.nspname::text AS schema_name,
  c.relname::text AS table_name,
  c.relreplident::text AS identity,
  c.relpersistence::text AS persistence,
  pg_has_role(c.relowner, 'USAGE') AS owned,
  pg_get_userbyid(c.relowner)::text AS owner,
  EXISTS (SELECT FROM pg_index i
          WHERE i.indrelid = c.oid AND i.indisprimary AND i.indisvalid) AS has_primary_key,
  EXISTS (SELECT FROM pg_index i
          WHERE i.indrelid = c.oid AND i.indisreplident AND i.indisvalid) AS has_identity_index
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p')
  AND NOT c.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND n.nspname !~ '^pg_(temp|toast_temp)_'
ORDER BY n.nspname, c.relname
