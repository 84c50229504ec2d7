-- The names of reference systems in PostGIS' cast to json.
SELECT srid::int4, auth_name || ':' || auth_srid AS name
FROM {schema}.spatial_ref_sys
WHERE auth_name || ':' || auth_srid IS NOT NULL
