-- The list of tables whose changes are streamed. It names each table: a table
-- without a replica identity in it would make the application's own UPDATE and
-- DELETE fail, so FOR ALL TABLES is never used.
CREATE PUBLICATION {publication}{for_tables} WITH (publish = 'insert, update, delete, truncate', publish_via_partition_root = true{generated})
