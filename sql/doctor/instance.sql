-- The server and the role, besides what catalog/server.sql reads. It works for a role without
-- privileges: what such a role may not see counts as absent. $1: the process that the
-- connection was told of; another one means that a pooler is in between.
SELECT
  current_setting('server_version') AS version,
  pg_backend_pid()::bigint <> $1::bigint AS pooled,
  coalesce(host(inet_server_addr()) || ':' || inet_server_port(), '') AS address,
  pg_is_in_recovery() = false AND current_setting('transaction_read_only') = 'on' AS read_only,
  (SELECT setting::bigint FROM pg_settings WHERE name = 'max_slot_wal_keep_size') AS keep_size_mb,
  -- PostgreSQL 18. Its unit was the minute in some pre-releases.
  coalesce((SELECT CASE unit WHEN 'min' THEN setting::bigint * 60 ELSE setting::bigint END
            FROM pg_settings WHERE name = 'idle_replication_slot_timeout'), 0) AS idle_timeout_s,
  current_setting('hot_standby_feedback') = 'on' AS hot_standby_feedback,
  coalesce((SELECT setting FROM pg_settings WHERE name = 'primary_slot_name'), '') AS primary_slot_name,
  -- Standbys that stream now, and physical slots, which are made for standbys.
  ((SELECT count(*) FROM pg_stat_replication p
    WHERE NOT EXISTS (SELECT FROM pg_replication_slots s WHERE s.active_pid = p.pid AND s.slot_type = 'logical')
      AND p.state IN ('streaming', 'catchup') AND p.application_name <> 'tablewire')
   + (SELECT count(*) FROM pg_replication_slots s WHERE s.slot_type = 'physical' AND NOT s.active))::int AS standbys
