-- $1: the publication.
SELECT puballtables, pg_has_role(pubowner, 'USAGE') AS may_alter
FROM pg_publication
WHERE pubname = $1
