-- Who reads a slot. If the process has another role, only its id is visible, unless this
-- server's role has pg_read_all_stats. $1: the slot.
SELECT
  coalesce(s.active_pid, 0) AS pid,
  a.backend_start IS NOT NULL AS visible,
  coalesce(a.application_name, '') AS application,
  coalesce(host(a.client_addr), '') AS address,
  coalesce(to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ'), '') AS since,
  coalesce(r.reply_time::text, '') AS replied
FROM (SELECT) AS always
LEFT JOIN pg_replication_slots s ON s.slot_name = $1
LEFT JOIN pg_stat_activity a ON a.pid = s.active_pid
LEFT JOIN pg_stat_replication r ON r.pid = s.active_pid
