-- Whether what a transaction did is to be seen: its commit is in the log a moment
-- before, or longer where it waits for a standby. $1: the transaction's id, which
-- is the lower half of what a snapshot has.
SELECT behind < 2147483648 AND pg_visible_in_snapshot((xmax - behind)::text::xid8, snapshot)
FROM (SELECT s AS snapshot, pg_snapshot_xmax(s)::text::bigint AS xmax,
             (pg_snapshot_xmax(s)::text::bigint - $1::bigint) & 4294967295 AS behind
      FROM pg_current_snapshot() s) now
