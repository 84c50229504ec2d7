-- All tables that users have created in the database, with what decides whether their
-- changes can be published. A publication carries partitions through their root, but a
-- partition's own replica identity decides about its rows. Each row also says how the
-- rows are stored, so that two reads can be compared (catalog/rewritten.sql), and when
-- that was read: the oldest open transaction, the time, and the insert and flush positions
-- of the log. $1, $2: the schemas and names of the partitions to list, too.
WITH RECURSIVE candidate AS (
  SELECT c.oid, n.nspname, c.relname, c.relkind, c.relreplident, c.relpersistence, c.relowner, c.relispartition
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p')
    AND (NOT c.relispartition OR (n.nspname, c.relname) IN (SELECT * FROM unnest($1::text[], $2::text[])))
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    AND n.nspname !~ '^pg_(temp|toast_temp)_'
), part AS (
  -- The candidates and their partitions at any depth; attached: the transactions that
  -- made them partitions. pg_partition_tree would wait for a locked partition.
  SELECT c.oid AS root, c.oid AS leaf, c.relkind, ''::text AS attached FROM candidate c
  UNION ALL
  SELECT p.root, i.inhrelid, l.relkind, p.attached || i.xmin::text || ' '
  FROM part p
  JOIN pg_inherits i ON i.inhparent = p.leaf AND NOT i.inhdetachpending
  JOIN pg_class l ON l.oid = i.inhrelid
  WHERE p.relkind = 'p'
), candidate_key AS (
  -- The columns that identify a row, as in catalog/columns.sql.
  SELECT c.oid, ARRAY(
    SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY ((i.indkey::int2[])[:i.indnkeyatts - 1])
    WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate
      AND CASE c.relreplident WHEN 'i' THEN i.indisreplident ELSE i.indisprimary END) AS columns
  FROM candidate c
), stored AS (
  -- The tables that hold rows, the candidate itself or a root's leaves, and how each of
  -- them identifies a row: the index must be valid and checked at once, and logical
  -- replication must carry a generated column in it; it never carries virtual ones.
  SELECT p.root, p.leaf, p.attached, l.relreplident, l.relpersistence, l.relfilenode, l.relnatts, quote_ident(n.nspname) || '.' || quote_ident(l.relname) AS name,
    l.relreplident IN ('d', 'i') AND i.indexrelid IS NULL AS missing,
    EXISTS (SELECT FROM pg_attribute a
            WHERE a.attrelid = l.oid AND a.attnum = ANY ((i.indkey::int2[])[:i.indnkeyatts - 1])
              AND a.attgenerated <> '' AND current_setting('server_version_num')::int < 180000) AS hides_key,
    l.relreplident = 'f' AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = l.oid AND a.attgenerated = 'v') AS hides_row,
    l.relispartition AND l.relreplident <> 'f' AND p.root <> p.leaf
      AND (k.columns = '{}' OR NOT k.columns <@ ARRAY(
        SELECT a.attname FROM pg_attribute a WHERE a.attrelid = l.oid AND a.attnum = ANY ((i.indkey::int2[])[:i.indnkeyatts - 1]))) AS other_key
  FROM part p
  JOIN pg_class l ON l.oid = p.leaf
  JOIN pg_namespace n ON n.oid = l.relnamespace
  JOIN candidate_key k ON k.oid = p.root
  LEFT JOIN pg_index i ON i.indrelid = l.oid AND i.indisvalid AND i.indimmediate
    AND CASE l.relreplident WHEN 'i' THEN i.indisreplident WHEN 'd' THEN i.indisprimary END
  WHERE p.relkind <> 'p'
), looked AS (
  SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint & 4294967295 AS xmin,
    -- in a format that no DateStyle changes
    to_char(statement_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00' AS moment,
    CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END::text AS inserted,
    CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END::text AS flushed
)
SELECT
  c.oid,
  c.nspname::text AS schema_name,
  c.relname::text AS table_name,
  -- Of a partitioned table's old rows only what every partition logs is certain.
  CASE WHEN bool_and(s.relreplident = 'f') THEN 'f'
       WHEN c.relkind = 'p' AND count(s.leaf) > 0 AND c.relreplident IN ('f', 'n') THEN 'd'
       ELSE c.relreplident::text END AS identity,
  c.relkind = 'p' AS partitioned,
  pg_has_role(c.relowner, 'USAGE') AS owned,
  pg_get_userbyid(c.relowner)::text AS owner,
  coalesce((SELECT rolsuper FROM pg_roles WHERE oid = c.relowner), false) AS superuser_owned,
  CASE WHEN c.relispartition THEN ARRAY(SELECT relid::oid::int8 FROM pg_partition_ancestors(c.oid) WHERE relid <> c.oid)
       ELSE '{}' END AS ancestors,
  c.relpersistence = 't' AS temporary,
  coalesce(min(s.name) FILTER (WHERE s.relpersistence = 'u'), CASE WHEN c.relpersistence = 'u' THEN quote_ident(c.nspname) || '.' || quote_ident(c.relname) ELSE '' END) AS unlogged,
  coalesce(min(s.name) FILTER (WHERE s.relreplident = 'n'), CASE WHEN c.relreplident = 'n' AND count(s.leaf) = 0 THEN quote_ident(c.nspname) || '.' || quote_ident(c.relname) ELSE '' END) AS identity_nothing,
  coalesce(min(s.name) FILTER (WHERE s.missing AND s.relreplident = 'i'), '') AS index_missing,
  coalesce(min(s.name) FILTER (WHERE s.missing AND s.relreplident = 'd'), '') AS key_missing,
  coalesce(min(s.name) FILTER (WHERE s.hides_row), '') AS row_hidden,
  coalesce(min(s.name) FILTER (WHERE s.hides_key), '') AS key_hidden,
  coalesce(min(s.name) FILTER (WHERE s.other_key), '') AS other_key,
  CASE WHEN c.relkind = 'p' AND (c.relreplident = 'f' OR bool_or(s.relreplident = 'f'))
       THEN coalesce(array_agg(s.name ORDER BY s.name) FILTER (WHERE s.relreplident <> 'f'), '{}') ELSE '{}' END AS not_full,
  coalesce(array_agg(s.leaf::int8 ORDER BY s.leaf) FILTER (WHERE s.leaf IS NOT NULL), '{}') AS leaves,
  coalesce(array_agg(s.attached ORDER BY s.leaf) FILTER (WHERE s.leaf IS NOT NULL), '{}') AS attached,
  coalesce(array_agg(s.relfilenode::int8 ORDER BY s.leaf) FILTER (WHERE s.leaf IS NOT NULL), '{}') AS files,
  coalesce(array_agg(s.relnatts::int8 ORDER BY s.leaf) FILTER (WHERE s.leaf IS NOT NULL), '{}') AS columns,
  looked.xmin,
  looked.moment,
  looked.inserted,
  looked.flushed
FROM candidate c
CROSS JOIN looked
LEFT JOIN stored s ON s.root = c.oid
GROUP BY c.oid, c.nspname, c.relname, c.relkind, c.relreplident, c.relpersistence, c.relowner, c.relispartition, looked.xmin, looked.moment, looked.inserted, looked.flushed
ORDER BY c.nspname, c.relname
