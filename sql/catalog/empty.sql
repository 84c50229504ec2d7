-- Whether a table has had no row since it was created or truncated, and so has none now.
-- The table may have been dropped. $1: the table.
SELECT coalesce(pg_relation_size($1::oid::regclass) = 0, true)
