-- What a publication carries: whether it is one that Tablewire made, whose tables it
-- keeps up to date; whether partitions' changes come as their root's; whether stored
-- generated columns are held back that it could carry (PostgreSQL 18); which kinds of
-- change it leaves out. $1: the publication.
SELECT
  NOT puballtables AND pg_has_role(pubowner, 'USAGE')
    AND coalesce(obj_description(oid, 'pg_publication'), '') LIKE 'tablewire:%' AS ours,
  pubviaroot AS via_root,
  coalesce(to_jsonb(pg_publication) ->> 'pubgencols' <> 's', false) AS no_generated,
  array_remove(ARRAY[
    CASE WHEN NOT pubinsert THEN 'insert' END,
    CASE WHEN NOT pubupdate THEN 'update' END,
    CASE WHEN NOT pubdelete THEN 'delete' END,
    CASE WHEN NOT pubtruncate THEN 'truncate' END], NULL) AS missing
FROM pg_publication
WHERE pubname = $1
