-- Who reads a slot. If the process has another role, only its id is visible, unless this
-- server's role has pg_read_all_stats. Without pg_read_all_stats the columns of
-- pg_stat_replication, such as state and reply_time, are NULL even for the role's own
-- processes (PostgreSQL 14 to 19). pg_replication_slots is visible to every role. $1: the slot.
SELECT
  coalesce(s.active_pid, 0) AS pid,
  a.backend_start IS NOT NULL AS visible,
  coalesce(a.application_name, '') AS application,
  coalesce(host(a.client_addr), '') AS address,
  coalesce(to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ'), '') AS since,
  r.state IS NOT NULL AS replies_visible,
  coalesce(r.reply_time::text, '') AS replied,
  coalesce(s.confirmed_flush_lsn::text, '') AS confirmed,
  current_user::text AS looked_as
FROM (SELECT) AS always
LEFT JOIN pg_replication_slots s ON s.slot_name = $1
LEFT JOIN pg_stat_activity a ON a.pid = s.active_pid
LEFT JOIN pg_stat_replication r ON r.pid = s.active_pid
