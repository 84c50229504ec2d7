-- The server's replication slots, with how much log each keeps and how much it still may.
SELECT
  s.slot_name::text,
  s.slot_type = 'logical' AS logical,
  coalesce(s.database::text, '') AS database,
  s.active,
  coalesce(s.wal_status, '') = 'lost' AS lost,
  coalesce((w.written - s.restart_lsn)::bigint, 0) AS retained,
  coalesce(s.safe_wal_size, -1) AS safe,
  coalesce(age(s.catalog_xmin), 0)::bigint AS catalog_age,
  coalesce(t.spill_bytes, 0) AS spilled
FROM pg_replication_slots s
CROSS JOIN (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END AS written) w
LEFT JOIN pg_stat_replication_slots t ON t.slot_name = s.slot_name::text
WHERE NOT s.temporary
ORDER BY retained DESC, s.slot_name
