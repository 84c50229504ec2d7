-- What the role can do with tables, and what an event lacks of their old rows. $1: the OIDs.
WITH RECURSIVE part AS (
  SELECT c.oid AS root, c.oid AS leaf, c.relkind FROM pg_class c WHERE c.oid = ANY ($1::oid[])
  UNION ALL
  SELECT p.root, i.inhrelid, l.relkind
  FROM part p
  JOIN pg_inherits i ON i.inhparent = p.leaf AND NOT i.inhdetachpending
  JOIN pg_class l ON l.oid = i.inhrelid
  WHERE p.relkind = 'p'
)
SELECT c.oid,
  has_schema_privilege(c.relnamespace, 'USAGE') AS may_enter,
  c.relrowsecurity AS row_security,
  -- Whether rows have values that are stored outside of the row.
  EXISTS (SELECT FROM part p JOIN pg_class l ON l.oid = p.leaf JOIN pg_class t ON t.oid = l.reltoastrelid
          WHERE p.root = c.oid AND t.relpages > 0) AS long_values,
  -- The processes that hold a lock with which nobody else can read the table.
  ARRAY(SELECT DISTINCT l.pid FROM pg_locks l
        WHERE l.locktype = 'relation' AND l.relation = c.oid AND l.granted AND l.mode = 'AccessExclusiveLock' AND l.pid IS NOT NULL
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS lockers
FROM pg_class c
WHERE c.oid = ANY ($1::oid[])
