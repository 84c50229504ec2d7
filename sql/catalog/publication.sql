-- Whether a publication is one that Tablewire made, whose tables it keeps up to
-- date, and whether it carries every kind of change. $1: the publication.
SELECT
  NOT puballtables AND pg_has_role(pubowner, 'USAGE')
    AND coalesce(obj_description(oid, 'pg_publication'), '') LIKE 'tablewire:%' AS ours,
  pubinsert AND pubupdate AND pubdelete AND pubtruncate AND pubviaroot AS complete
FROM pg_publication
WHERE pubname = $1
