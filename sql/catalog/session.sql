-- Which process serves the connection, and the session's settings. If it is another process
-- than the connection expects, a pooler is in between, and the settings stay: others use the
-- session, too. jit is off because compiling a query of the catalog takes longer than
-- running it. $1: the process that the connection expects.
SELECT
  pg_backend_pid()::bigint AS pid,
  current_setting('client_encoding') AS encoding,
  CASE WHEN pg_backend_pid() = $1::bigint THEN set_config('lock_timeout', '500', false) END AS lock_timeout,
  CASE WHEN pg_backend_pid() = $1::bigint THEN set_config('jit', 'off', false) END AS jit
