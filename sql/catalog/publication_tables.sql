-- The tables whose changes a publication carries; whether each was named in it (and
-- so can be dropped from it), and whether only some of its rows or columns are
-- carried (PostgreSQL 15). $1: the publication.
SELECT c.oid, r.oid IS NOT NULL AS named,
  to_jsonb(r) ->> 'prqual' IS NOT NULL AS some_rows,
  to_jsonb(r) ->> 'prattrs' IS NOT NULL AS some_columns
FROM pg_publication p
JOIN pg_publication_tables t ON t.pubname = p.pubname
JOIN pg_class c ON c.relname = t.tablename
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = t.schemaname
LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = c.oid
WHERE p.pubname = $1
