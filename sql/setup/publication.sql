-- The list of tables whose changes are streamed. It names each table: a table
-- without a replica identity in it would make the application's own UPDATE and
-- DELETE fail, so FOR ALL TABLES is never used. From PostgreSQL 18 on it also says
-- publish_generated_columns = stored: a table whose replica identity has a stored
-- generated column would be made to fail otherwise.
CREATE PUBLICATION {publication}{for_tables} WITH (publish = 'insert, update, delete, truncate', publish_via_partition_root = true{generated})
