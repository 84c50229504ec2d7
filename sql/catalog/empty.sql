-- Whether a table has never had a row since it was made or truncated, and so has none
-- now. It may have been dropped. $1: the table.
SELECT coalesce(pg_relation_size($1::oid::regclass) = 0, true)
