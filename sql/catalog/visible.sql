-- Whether queries see what a transaction did. PostgreSQL logs a commit a moment before,
-- or long before if the commit waits for a synchronous standby. $1: the transaction's id,
-- which is the lower half of the ids in a snapshot.
SELECT behind < 2147483648 AND pg_visible_in_snapshot((xmax - behind)::text::xid8, snapshot)
FROM (SELECT s AS snapshot, pg_snapshot_xmax(s)::text::bigint AS xmax,
             (pg_snapshot_xmax(s)::text::bigint - $1::bigint) & 4294967295 AS behind
      FROM pg_current_snapshot() s) now
