-- The prepared transactions of the server, the oldest first.
SELECT gid, database::text, extract(epoch FROM clock_timestamp() - prepared)::bigint AS seconds
FROM pg_prepared_xacts
ORDER BY prepared
