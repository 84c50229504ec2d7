-- The transactions that are open and have written something: PostgreSQL creates a
-- logical slot when those that were open before have ended. Of other roles' sessions only the
-- process is visible. The oldest comes first.
SELECT a.pid,
  coalesce(a.usename::text, '') AS role,
  coalesce(a.application_name, '') AS application,
  coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0)::bigint AS seconds
FROM pg_stat_activity a
JOIN pg_locks l ON l.pid = a.pid AND l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
WHERE a.pid <> pg_backend_pid()
GROUP BY a.pid, a.usename, a.application_name, a.xact_start
ORDER BY a.xact_start NULLS LAST, a.pid
