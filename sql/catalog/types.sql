-- Types as pg_type has them. $1: their OIDs. A type of an extension is known by the
-- extension and the type's own name, whatever their schemas. A cast to json is one that
-- to_jsonb uses: by a function, of a type that is neither an array nor a composite.
SELECT
  t.oid,
  format_type(t.oid, NULL) AS type_name,
  t.typtype::text AS class,
  t.typbasetype AS base,
  CASE WHEN t.typlen = -1 AND t.typcategory = 'A' THEN t.typelem ELSE 0 END AS elem,
  t.typname::text AS own_name,
  coalesce((SELECT x.extname::text
            FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid
            WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.objsubid = 0
              AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'), '') AS extension,
  EXISTS (SELECT FROM pg_cast c
          WHERE c.castsource = t.oid AND c.casttarget = 'json'::regtype AND c.castmethod = 'f') AS json_cast,
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
