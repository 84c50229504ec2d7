-- The columns of a table that logical replication carries, in their order, and which of
-- them identify a row: those of the replica identity's index, else those of the primary
-- key. Logical replication carries no generated columns, except stored ones if the
-- publication says so (PostgreSQL 18). If the publication has a column list (PostgreSQL
-- 15), that alone decides. Each row has the end of the log when it was read.
-- $1: the table's OID. $2: the publication.
SELECT
  a.attname::text AS column_name,
  a.atttypid AS type_oid,
  a.atttypmod AS type_modifier,
  coalesce(a.attnum = ANY ((k.indkey::int2[])[:k.indnkeyatts - 1]), false) AS key,
  CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
       ELSE pg_current_wal_insert_lsn() END::text AS at
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
LEFT JOIN pg_index k ON k.indrelid = c.oid AND k.indisvalid AND k.indimmediate
  AND CASE c.relreplident WHEN 'i' THEN k.indisreplident ELSE k.indisprimary END
LEFT JOIN pg_publication p ON p.pubname = $2
LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = c.oid
WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
  AND CASE WHEN to_jsonb(r) ->> 'prattrs' IS NOT NULL THEN to_jsonb(r) -> 'prattrs' @> to_jsonb(a.attnum)
           ELSE a.attgenerated = '' OR a.attgenerated = 's' AND coalesce(to_jsonb(p) ->> 'pubgencols' = 's', false) END
ORDER BY a.attnum
