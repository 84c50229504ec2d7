-- What a publication carries, and whose it is. $1: the publication. $2: this server's slot.
SELECT
  -- Who keeps its list of tables. Tablewire writes into the comment for which slot it
  -- keeps the publication; earlier versions wrote no slot.
  coalesce(m.comment LIKE 'tablewire:%', false) AS marked,
  coalesce(substring(m.comment FROM '^tablewire: slot "([a-z0-9_]+)"'), '') AS slot,
  EXISTS (SELECT FROM pg_replication_slots s
          WHERE s.slot_name = substring(m.comment FROM '^tablewire: slot "([a-z0-9_]+)"') AND s.database = current_database()) AS slot_exists,
  EXISTS (SELECT FROM pg_replication_slots s WHERE s.slot_name = $2 AND s.database = current_database()) AS our_slot_exists,
  pg_get_userbyid(p.pubowner)::text AS owner,
  pg_has_role(p.pubowner, 'USAGE') AS owned,
  pg_is_in_recovery() AS in_recovery,
  p.puballtables AS all_tables,
  coalesce((to_jsonb(p) ->> 'puballsequences')::bool, false) AS all_sequences, -- PostgreSQL 19
  p.pubviaroot AS via_root, -- partitions' changes arrive as their root's
  coalesce(to_jsonb(p) ->> 'pubgencols' <> 's', false) AS no_generated, -- PostgreSQL 18: it could carry them
  array_remove(ARRAY[
    CASE WHEN NOT p.pubinsert THEN 'insert' END,
    CASE WHEN NOT p.pubupdate THEN 'update' END,
    CASE WHEN NOT p.pubdelete THEN 'delete' END,
    CASE WHEN NOT p.pubtruncate THEN 'truncate' END], NULL) AS missing,
  -- The tables that FOR ALL TABLES leaves out (PostgreSQL 19).
  ARRAY(SELECT format('"%s"."%s"', replace(n.nspname, '"', '""'), replace(c.relname, '"', '""'))
        FROM pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE r.prpubid = p.oid AND (to_jsonb(r) ->> 'prexcept')::bool ORDER BY 1) AS excepted,
  -- Changes when the publication is created again, and when its settings, its name or its
  -- owner are altered, even if they are put back.
  p.oid || ' ' || p.xmin AS mark
FROM pg_publication p, LATERAL (SELECT obj_description(p.oid, 'pg_publication') AS comment) m
WHERE p.pubname = $1
