-- What decides whether a stream can start. $1: the slot. $2: the publication.
-- to_jsonb reads columns that older versions lack. The slots of REPACK (19) have a pool
-- of their own, max_repack_replication_slots.
SELECT
  current_setting('server_version_num')::int AS version_num,
  current_database()::text AS database,
  current_user::text AS user_name,
  current_setting('wal_level') AS wal_level,
  -- PostgreSQL 19: the level of what is written now, which follows the logical slots.
  coalesce(current_setting('effective_wal_level', true), current_setting('wal_level')) AS effective_wal_level,
  pg_is_in_recovery() AS in_recovery,
  has_database_privilege(current_database(), 'CREATE') AS may_create,
  current_setting('max_replication_slots')::int
    - (SELECT count(*) FROM pg_replication_slots WHERE plugin IS DISTINCT FROM 'pgrepack')::int AS slots_free,
  (SELECT setting::int FROM pg_settings WHERE name = 'wal_sender_timeout') AS wal_sender_timeout_ms,
  s.slot_name IS NOT NULL AS slot_exists,
  coalesce(s.plugin::text, '') AS slot_plugin,
  coalesce(s.database::text, '') AS slot_database,
  coalesce(s.wal_status, '') AS slot_wal_status,
  coalesce(to_jsonb(s) ->> 'invalidation_reason',
    CASE WHEN to_jsonb(s) ->> 'conflicting' = 'true' THEN
      CASE WHEN pg_is_in_recovery() THEN 'conflict' ELSE 'wal_removed' END END, '') AS slot_invalidation,
  current_setting('max_slot_wal_keep_size') AS slot_keep_size,
  coalesce(current_setting('idle_replication_slot_timeout', true), '') AS slot_idle_timeout,
  coalesce((to_jsonb(s) ->> 'synced')::boolean, false) AS slot_synced,
  coalesce((to_jsonb(s) ->> 'failover')::boolean, false) AS slot_failover,
  coalesce(s.two_phase, false) AS slot_two_phase,
  current_setting('max_prepared_transactions')::int AS max_prepared,
  coalesce((SELECT setting FROM pg_settings WHERE name = 'output_plugin_libraries'), '') AS output_plugins,
  p.oid IS NOT NULL AS publication_exists,
  (wal.written - '0/0')::bigint AS wal_end,
  coalesce((wal.written - s.restart_lsn)::bigint, 0) AS slot_retained
FROM (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
                  ELSE pg_current_wal_lsn() END AS written) AS wal
LEFT JOIN pg_replication_slots s ON s.slot_name = $1
LEFT JOIN pg_publication p ON p.pubname = $2
