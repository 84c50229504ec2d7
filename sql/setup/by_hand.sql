-- The list of tables whose changes are streamed. It names each table, and is never FOR ALL
-- TABLES: a table without a replica identity in a publication makes the application's own
-- UPDATE and DELETE fail. So does, from PostgreSQL 18 on, a table whose replica identity
-- has a stored generated column, if the publication leaves these columns out.
DO {tag}
BEGIN
  CREATE PUBLICATION {publication}{for_tables} WITH (publish = 'insert, update, delete, truncate', publish_via_partition_root = true);
  IF current_setting('server_version_num')::int >= 180000 THEN
    ALTER PUBLICATION {publication} SET (publish_generated_columns = stored);
  END IF;
END
{tag}
