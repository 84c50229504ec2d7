-- The list of tables whose changes are streamed. It names each table: a table
-- without a replica identity in it would make the application's own UPDATE and
-- DELETE fail, so FOR ALL TABLES is never used. So would, from PostgreSQL 18 on, one
-- whose replica identity has a stored generated column, if these were left out.
CREATE PUBLICATION {publication} WITH (publish = 'insert, update, delete, truncate', publish_via_partition_root = true{generated})
