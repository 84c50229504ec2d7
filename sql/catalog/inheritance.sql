-- Tables that others inherit from without being their partitions, such as hypertables: the
-- rows of the children are not the table's own. Each row has the number of children, at
-- any depth, and the first of them. $1: the tables' OIDs.
WITH RECURSIVE child AS (
  SELECT i.inhparent AS root, i.inhrelid AS oid FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = ANY ($1::oid[]) AND NOT c.relispartition
  UNION
  SELECT h.root, i.inhrelid FROM child h JOIN pg_inherits i ON i.inhparent = h.oid
)
SELECT h.root, count(*)::int AS children,
  (array_agg(n.nspname::text ORDER BY n.nspname, c.relname))[:3] AS schemas,
  (array_agg(c.relname::text ORDER BY n.nspname, c.relname))[:3] AS names,
  bool_or(n.nspname = '_timescaledb_internal') AS chunks
FROM child h JOIN pg_class c ON c.oid = h.oid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'f')
GROUP BY h.root
