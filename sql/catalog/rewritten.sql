-- What became of tables that are stored in another file than before, or that are new
-- among a table's partitions. VACUUM FULL, CLUSTER, REPACK and SET TABLESPACE copy the
-- rows as they are; ALTER TABLE that gives columns other values alters the columns, too;
-- TRUNCATE forgets how many rows there were, until somebody counts them again.
-- $1: the tables. $2: how many columns each had. $3: the oldest transaction that was
-- open when they were looked at before. $4: when that was. $5: the partitioned table.
SELECT c.oid::int8,
  EXISTS (SELECT FROM pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum BETWEEN 1 AND was.columns AND NOT a.attisdropped
            AND (a.xmin::text::bigint - $3::bigint) & 4294967295 < 2147483648) AS altered,
  (c.xmin::text::bigint - $3::bigint) & 4294967295 < 2147483648 AND (c.reltuples < 0 OR coalesce(greatest(
    pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid),
    pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid)) >= $4::timestamptz, false)) AS emptied,
  c.xmin::text::bigint AS xid,
  -- A table that was made as a partition has its columns and the system's from one
  -- command; those of one that was attached were updated then. Each table above it was
  -- made so, too, or became a partition before.
  NOT EXISTS (
    WITH RECURSIVE way AS (
      SELECT i.inhrelid, i.inhparent, i.xmin::text::bigint AS attached FROM pg_inherits i WHERE i.inhrelid = c.oid
      UNION ALL
      SELECT i.inhrelid, i.inhparent, i.xmin::text::bigint FROM way w JOIN pg_inherits i ON i.inhrelid = w.inhparent AND w.inhparent <> $5::oid
    )
    SELECT FROM way w
    WHERE (w.attached - $3::bigint) & 4294967295 < 2147483648
      AND NOT EXISTS (SELECT FROM pg_attribute a JOIN pg_attribute system ON system.attrelid = w.inhrelid AND system.attnum = -6
                      WHERE a.attrelid = w.inhrelid AND a.attnum > 0 AND a.xmin = system.xmin AND a.cmin = system.cmin
                        AND system.xmin::text::bigint = w.attached)) AS born
FROM unnest($1::int8[], $2::int8[]) AS was (oid, columns)
JOIN pg_class c ON c.oid = was.oid
