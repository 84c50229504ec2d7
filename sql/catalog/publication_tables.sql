-- The tables whose changes a publication carries, and whether each was named in
-- it (and so can be dropped from it). $1: the publication.
SELECT c.oid, r.oid IS NOT NULL AS named
FROM pg_publication p
JOIN pg_publication_tables t ON t.pubname = p.pubname
JOIN pg_class c ON c.relname = t.tablename
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = t.schemaname
LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = c.oid
WHERE p.pubname = $1
