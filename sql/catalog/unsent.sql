-- The columns of a table that logical replication does not carry, and why: those that
-- columns.sql leaves out. $1: the table's OID. $2: the publication.
SELECT
  a.attname::text AS column_name,
  CASE
    WHEN to_jsonb(r) ->> 'prattrs' IS NOT NULL THEN 'the publication''s list of columns leaves it out'
    WHEN a.attgenerated = 'v' THEN 'it is a virtual generated column'
    WHEN current_setting('server_version_num')::int < 180000 THEN 'it is a generated column, which PostgreSQL sends from version 18 on'
    ELSE 'it is a generated column, and the publication leaves these out'
  END AS why
FROM pg_attribute a
LEFT JOIN pg_publication p ON p.pubname = $2
LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = a.attrelid
WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
  AND CASE WHEN to_jsonb(r) ->> 'prattrs' IS NOT NULL THEN NOT to_jsonb(r) -> 'prattrs' @> to_jsonb(a.attnum)
           ELSE a.attgenerated = 'v' OR a.attgenerated = 's' AND NOT coalesce(to_jsonb(p) ->> 'pubgencols' = 's', false) END
ORDER BY a.attnum
