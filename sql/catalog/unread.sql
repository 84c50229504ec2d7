-- Which tables may have another file since transactions that the slot has not been read
-- past, and the oldest of these transactions. $1: the slot. $2: the tables.
SELECT c.oid::int8, s.catalog_xmin::text::bigint AS since,
  c.relfilenode <> c.oid AND (c.xmin::text::bigint - s.catalog_xmin::text::bigint) & 4294967295 < 2147483648 AS altered
FROM pg_replication_slots s
CROSS JOIN unnest($2::int8[]) AS t (oid)
JOIN pg_class c ON c.oid = t.oid
WHERE s.slot_name = $1 AND s.catalog_xmin IS NOT NULL
