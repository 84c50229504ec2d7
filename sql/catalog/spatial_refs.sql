-- The names that PostGIS' cast to json gives to reference systems.
SELECT srid::int4, auth_name || ':' || auth_srid AS name
FROM {schema}.spatial_ref_sys
WHERE auth_name || ':' || auth_srid IS NOT NULL
