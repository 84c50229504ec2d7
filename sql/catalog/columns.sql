-- The columns of a table that logical replication carries, in their order, and
-- which of them identify a row: those of the replica identity's index, else of
-- the primary key. Generated columns do not travel, but
-- for stored ones where the publication says so (PostgreSQL 18). Each row also says up to where
-- the log was written when it was read. $1: the table's OID. $2: the publication.
SELECT
  a.attname::text AS column_name,
  a.atttypid AS type_oid,
  a.atttypmod AS type_modifier,
  coalesce(a.attnum = ANY (k.indkey), false) AS key,
  CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
       ELSE pg_current_wal_insert_lsn() END::text AS at
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
LEFT JOIN pg_index k ON k.indrelid = c.oid AND k.indisvalid AND k.indimmediate
  AND CASE c.relreplident WHEN 'i' THEN k.indisreplident ELSE k.indisprimary END
WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped 
  AND (a.attgenerated = '' OR a.attgenerated = 's' AND EXISTS (
    SELECT FROM pg_publication p
    WHERE p.pubname = $2 AND to_jsonb(p) ->> 'pubgencols' = 's'))
ORDER BY a.attnum
