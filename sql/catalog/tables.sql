-- All tables of the database that a user made, with what decides whether their
-- changes can be published. Partitions are published through their root, but it is
-- a partition's own replica identity that decides over its rows. $1, $2: the schemas
-- and names of the partitions that are to be listed too.
WITH candidate AS (
  SELECT c.oid, n.nspname, c.relname, c.relkind, c.relreplident, c.relpersistence, c.relowner, c.relispartition
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p')
    AND (NOT c.relispartition OR (n.nspname, c.relname) IN (SELECT * FROM unnest($1::text[], $2::text[])))
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    AND n.nspname !~ '^pg_(temp|toast_temp)_'
), stored AS (
  -- The tables that hold rows: the candidate itself, or a root's leaves.
  SELECT c.oid AS root, c.oid AS leaf FROM candidate c WHERE c.relkind = 'r'
  UNION ALL
  SELECT c.oid, l.relid FROM candidate c, pg_partition_tree(c.oid) l WHERE c.relkind = 'p' AND l.isleaf
), identified AS (
  -- How each of them identifies a row: an index that is used must be valid and
  -- checked at once, and a generated column in it must travel; virtual ones never do.
  SELECT s.root, l.relreplident, l.relpersistence, i.indexrelid IS NOT NULL AS indexed,
    ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = l.oid AND a.attnum = ANY ((i.indkey::int2[])[:i.indnkeyatts - 1]) ORDER BY a.attname) AS columns,
    EXISTS (SELECT FROM pg_attribute a
            WHERE a.attrelid = l.oid
              AND (a.attnum = ANY ((i.indkey::int2[])[:i.indnkeyatts - 1]) AND a.attgenerated <> '' AND current_setting('server_version_num')::int < 180000
                   OR l.relreplident = 'f' AND a.attgenerated = 'v')) AS hidden
  FROM stored s
  JOIN pg_class l ON l.oid = s.leaf
  LEFT JOIN pg_index i ON i.indrelid = l.oid AND i.indisvalid AND i.indimmediate
    AND CASE l.relreplident WHEN 'i' THEN i.indisreplident WHEN 'd' THEN i.indisprimary END
)
SELECT
  c.oid,
  c.nspname::text AS schema_name,
  c.relname::text AS table_name,
  c.relreplident::text AS identity,
  c.relkind = 'p' AS partitioned,
  pg_has_role(c.relowner, 'USAGE') AS owned,
  pg_get_userbyid(c.relowner)::text AS owner,
  coalesce((SELECT rolsuper FROM pg_roles WHERE oid = c.relowner), false) AS superuser_owned,
  CASE WHEN c.relispartition THEN ARRAY(SELECT relid::oid::int8 FROM pg_partition_ancestors(c.oid) WHERE relid <> c.oid)
       ELSE '{}' END AS ancestors,
  c.relpersistence = 'u' OR coalesce(bool_or(d.relpersistence = 'u'), false) AS unlogged,
  c.relpersistence = 't' AS temporary,
  coalesce(bool_or(d.relreplident = 'n'), c.relreplident = 'n') AS identity_nothing,
  coalesce(bool_or(d.relreplident IN ('d', 'i') AND NOT d.indexed), false) AS identity_missing,
  coalesce(bool_or(d.hidden), false) AS identity_hidden,
  -- The stream describes the root's key, and tells the old values of a leaf's.
  coalesce(bool_or((d.relreplident = 'f') <> (c.relreplident = 'f') OR c.relkind = 'p' AND c.relreplident IN ('d', 'i') AND d.columns <> ARRAY(
    SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY ((i.indkey::int2[])[:i.indnkeyatts - 1])
    WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate
      AND CASE c.relreplident WHEN 'i' THEN i.indisreplident WHEN 'd' THEN i.indisprimary END
    ORDER BY a.attname)), false) AS identity_mixed
FROM candidate c
LEFT JOIN identified d ON d.root = c.oid
GROUP BY c.oid, c.nspname, c.relname, c.relkind, c.relreplident, c.relpersistence, c.relowner, c.relispartition
ORDER BY c.nspname, c.relname
