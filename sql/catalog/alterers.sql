-- Who else may have altered a publication, as far as PostgreSQL can tell: it keeps no
-- record. Another Tablewire shows by its slot, a session by its last statement, which only
-- a member of its role sees. $1: the publication. $2: this server's slot.
SELECT format('the Tablewire of slot "%s", as role "%s"', s.slot_name, a.usename)
FROM pg_replication_slots s JOIN pg_stat_activity a ON a.pid = s.active_pid
WHERE s.database = current_database() AND s.slot_name <> $2 AND a.application_name LIKE 'tablewire%'
UNION
SELECT format('a session of role "%s"', a.usename) || coalesce(format(' (%s)', nullif(a.application_name, '')), '') || coalesce(' from ' || host(a.client_addr), '')
FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.application_name NOT LIKE 'tablewire%'
  AND a.query ILIKE '%alter%publication%' AND position($1 IN a.query) > 0
ORDER BY 1
LIMIT 3
