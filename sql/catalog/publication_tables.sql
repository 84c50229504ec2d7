-- The tables whose changes a publication carries, and what it leaves out of them.
-- $1: the publication.
WITH RECURSIVE carried AS (
  SELECT c.oid, c.reltype, c.relnamespace, c.relkind, c.relispartition, p.oid AS publication, r.oid AS entry,
    p.pubupdate OR p.pubdelete AS restricts, -- UPDATE and DELETE need a published replica identity
    to_jsonb(r) ->> 'prqual' AS filter, -- PostgreSQL 15
    nullif(to_jsonb(r) -> 'prattrs', 'null') AS list, -- the column list; PostgreSQL 15
    coalesce(to_jsonb(p) ->> 'pubgencols' <> 's', false) AS no_generated -- PostgreSQL 18: it could carry them
  FROM pg_publication p
  JOIN pg_publication_tables t ON t.pubname = p.pubname
  JOIN pg_class c ON c.relname = t.tablename
  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = t.schemaname
  LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = c.oid
  WHERE p.pubname = $1
), above AS (
  -- A table and all tables above it: the publication may carry it because of one of them.
  SELECT c.oid AS member, c.oid, c.reltype, c.relnamespace FROM carried c
  UNION ALL
  SELECT c.oid, a.oid, a.reltype, a.relnamespace
  FROM carried c, pg_partition_ancestors(c.oid) x JOIN pg_class a ON a.oid = x.relid
  WHERE c.relispartition AND a.oid <> c.oid
), entry AS MATERIALIZED (
  -- The publication's entries, of tables and of schemas. An entry gets another OID
  -- when somebody takes it out and puts it back, or alters its WHERE clause or columns.
  SELECT DISTINCT d.objid AS oid, d.refclassid AS class, d.refobjid AS object
  FROM pg_depend e
  JOIN pg_depend d ON d.classid = e.classid AND d.objid = e.objid AND d.refclassid IN ('pg_class'::regclass, 'pg_namespace'::regclass)
  WHERE e.refclassid = 'pg_publication'::regclass AND e.refobjid = (SELECT oid FROM pg_publication WHERE pubname = $1)
), sign AS (
  SELECT a.member, e.oid::text AS sign
  FROM above a
  JOIN entry e ON e.class = 'pg_class'::regclass AND e.object = a.oid
  UNION ALL
  SELECT a.member, e.oid::text
  FROM above a
  JOIN entry e ON e.class = 'pg_namespace'::regclass AND e.object = a.relnamespace
  UNION ALL
  -- PostgreSQL updates a table's row type when the table gets another name or schema.
  SELECT a.member, y.oid || '/' || y.xmin FROM above a JOIN pg_type y ON y.oid = a.reltype
), mark AS (
  SELECT member, string_agg(sign, ' ' ORDER BY sign) AS mark FROM sign GROUP BY member
), leaf AS (
  -- The tables that hold the rows, the table itself or its partitions at any depth, and the
  -- partitioned ones between. pg_partition_tree would wait for a locked one.
  SELECT c.oid AS member, c.oid, c.relkind FROM carried c
  UNION ALL
  SELECT p.member, l.oid, l.relkind
  FROM leaf p
  JOIN pg_inherits i ON i.inhparent = p.oid AND NOT i.inhdetachpending
  JOIN pg_class l ON l.oid = i.inhrelid
  WHERE p.relkind = 'p'
), toast AS (
  -- The tables that can be made UNLOGGED for a while, because the publication does not name
  -- them: partitions, and tables of FOR ALL TABLES or of a schema. Each with its TOAST
  -- table, which is another one after that.
  SELECT c.oid AS member, array_agg(l.oid::int8) AS tables, array_agg(l.reltoastrelid::int8) AS toasts
  FROM carried c
  JOIN leaf s ON s.member = c.oid AND (s.oid <> c.oid OR c.entry IS NULL)
  JOIN pg_class l ON l.oid = s.oid AND l.reltoastrelid <> 0
  GROUP BY c.oid
), identity AS (
  -- The columns that identify the rows of a table or of its partitions.
  SELECT c.oid AS member, l.oid AS leaf, l.relreplident, a.attname, a.attgenerated
  FROM carried c
  JOIN leaf s ON s.member = c.oid AND s.relkind <> 'p'
  JOIN pg_class l ON l.oid = s.oid
  JOIN pg_attribute a ON a.attrelid = l.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_index i ON i.indrelid = l.oid AND i.indisvalid AND i.indimmediate
    AND CASE l.relreplident WHEN 'i' THEN i.indisreplident WHEN 'd' THEN i.indisprimary END
  WHERE c.restricts
    AND (c.list IS NOT NULL OR c.filter IS NOT NULL
         OR c.no_generated AND EXISTS (SELECT FROM pg_attribute g WHERE g.attrelid = c.oid AND g.attgenerated = 's'))
    AND (l.relreplident = 'f' OR a.attnum = ANY ((i.indkey::int2[])[:i.indnkeyatts - 1]))
)
SELECT c.oid, c.entry IS NOT NULL AS named, -- so that it can be dropped from the publication
  c.filter IS NOT NULL AS some_rows,
  c.list IS NOT NULL AS some_columns,
  coalesce(m.mark, '') AS mark,
  -- Stored generated columns that the publication leaves out.
  ARRAY(SELECT a.attname::text FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attgenerated = 's' AND NOT a.attisdropped AND c.no_generated AND c.list IS NULL
        ORDER BY a.attnum) AS generated,
  -- These make the table's own UPDATE and DELETE fail: columns of its identity that the
  -- column list does not have (FULL allows no list), generated ones that the publication
  -- leaves out, and a WHERE clause on columns that its identity does not have.
  ARRAY(SELECT DISTINCT i.attname::text FROM identity i
        WHERE i.member = c.oid AND c.list IS NOT NULL
          AND (i.relreplident = 'f' OR NOT EXISTS (
            SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = i.attname AND c.list @> to_jsonb(a.attnum)))) AS unlisted,
  ARRAY(SELECT DISTINCT i.attname::text FROM identity i
        WHERE i.member = c.oid AND c.list IS NULL AND c.no_generated AND i.attgenerated = 's') AS ungenerated,
  ARRAY(SELECT DISTINCT a.attname::text
        FROM regexp_matches(c.filter, ':varattno (\d+)', 'g') v
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = v[1]::int
        JOIN (SELECT DISTINCT leaf, relreplident FROM identity WHERE member = c.oid) l ON l.relreplident <> 'f'
        WHERE NOT EXISTS (SELECT FROM identity i WHERE i.leaf = l.leaf AND i.member = c.oid AND i.attname = a.attname)) AS unidentified,
  coalesce(f.tables, '{}') AS toasted,
  coalesce(f.toasts, '{}') AS toasts
FROM carried c
LEFT JOIN mark m ON m.member = c.oid
LEFT JOIN toast f ON f.member = c.oid
