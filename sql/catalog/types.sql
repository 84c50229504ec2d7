-- Types as the catalog has them. $1: their OIDs.
SELECT
  t.oid,
  format_type(t.oid, NULL) AS type_name,
  t.typtype::text AS class,
  t.typcategory::text AS category,
  t.typbasetype AS base,
  CASE WHEN t.typlen = -1 AND t.typcategory = 'A' THEN t.typelem ELSE 0 END AS elem,
  coalesce((SELECT e.typdelim::text FROM pg_type e WHERE e.oid = t.typelem), ',') AS delim,
  coalesce((SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder)
            FROM pg_enum e WHERE e.enumtypid = t.oid), '{}') AS labels,
  coalesce((SELECT array_agg(a.attname::text ORDER BY a.attnum)
            FROM pg_attribute a
            WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), '{}') AS field_names,
  coalesce((SELECT array_agg(a.atttypid::int8 ORDER BY a.attnum)
            FROM pg_attribute a
            WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), '{}') AS field_types
FROM pg_type t
WHERE t.oid = ANY ($1::oid[])
