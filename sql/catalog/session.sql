-- Which process serves the connection, and the session's settings, unless it is not the
-- process that the connection was told of: then there is a pooler in between, whose
-- sessions others use too. Compiling what looks through the catalog (jit) takes longer
-- than looking. $1: the process that the connection was told of.
SELECT
  pg_backend_pid()::bigint AS pid,
  current_setting('client_encoding') AS encoding,
  CASE WHEN pg_backend_pid() = $1::bigint THEN set_config('lock_timeout', '500', false) END AS lock_timeout,
  CASE WHEN pg_backend_pid() = $1::bigint THEN set_config('jit', 'off', false) END AS jit
