-- The schema of the extension postgis, which has its tables, too.
SELECT n.nspname::text AS schema_name
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'postgis'
