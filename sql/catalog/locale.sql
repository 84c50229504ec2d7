-- What lower() depends on in this database, and what changes when that may change. The
-- databases of a cluster may have different providers (PostgreSQL 15).
SELECT
  pg_encoding_to_char(d.encoding)::text AS encoding,
  pg_encoding_max_length(d.encoding) AS bytes_per_character,
  coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') AS provider,
  coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', d.datctype)::text AS locale,
  concat_ws(' ', pg_postmaster_start_time(), d.datctype, to_jsonb(d) ->> 'datcollversion') AS since
FROM pg_database d
WHERE d.datname = current_database()
