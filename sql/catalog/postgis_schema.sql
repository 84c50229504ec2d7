-- The schema that the extension postgis is in, and its tables with it.
SELECT n.nspname::text AS schema_name
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'postgis'
