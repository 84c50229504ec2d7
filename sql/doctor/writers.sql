-- Where synchronous_commit is off: for the whole server, a role, this database, or a role in it.
SELECT w.place, w.reset FROM (
  SELECT 1 AS rank, 'the server' AS place, 'ALTER SYSTEM RESET synchronous_commit; SELECT pg_reload_conf()' AS reset
  FROM pg_settings WHERE name = 'synchronous_commit' AND setting = 'off' AND source = 'configuration file'
  UNION ALL
  SELECT 2,
    concat_ws(' in ', CASE WHEN s.setrole <> 0 THEN 'role "' || pg_get_userbyid(s.setrole) || '"' END,
                      CASE WHEN s.setdatabase <> 0 THEN 'database "' || current_database() || '"' END),
    CASE WHEN s.setrole = 0 THEN format('ALTER DATABASE %I RESET synchronous_commit', current_database())
         WHEN s.setdatabase = 0 THEN format('ALTER ROLE %I RESET synchronous_commit', pg_get_userbyid(s.setrole))
         ELSE format('ALTER ROLE %I IN DATABASE %I RESET synchronous_commit', pg_get_userbyid(s.setrole), current_database()) END
  FROM pg_db_role_setting s
  WHERE 'synchronous_commit=off' = ANY (s.setconfig)
    AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
) w
ORDER BY w.rank, w.place
