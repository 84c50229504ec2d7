-- What happened to the rows of tables that have another file than before, or that are new
-- partitions. VACUUM FULL, CLUSTER, REPACK and SET TABLESPACE copy the rows as they are. An
-- ALTER TABLE that changes values alters columns, too. After TRUNCATE PostgreSQL does not
-- know the number of rows, until VACUUM or ANALYZE counts them again.
-- $1: the tables. $2: how many columns each had. $3: the oldest open transaction when they
-- were last read. $4: the time of that. $5: the partitioned table.
SELECT c.oid::int8,
  EXISTS (SELECT FROM pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum BETWEEN 1 AND was.columns AND NOT a.attisdropped
            AND (a.xmin::text::bigint - $3::bigint) & 4294967295 < 2147483648) AS altered,
  (c.xmin::text::bigint - $3::bigint) & 4294967295 < 2147483648 AND (c.reltuples < 0 OR coalesce(greatest(
    pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid),
    pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid)) >= $4::timestamptz, false)) AS emptied,
  c.xmin::text::bigint AS xid,
  -- If a table was created as a partition, one command has written the rows of all its
  -- columns in pg_attribute, system columns included; ATTACH PARTITION updates them. Each
  -- table above it was created as a partition, too, or became one before.
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
