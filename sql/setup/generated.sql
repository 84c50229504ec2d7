-- If the publication leaves stored generated columns out, PostgreSQL refuses the UPDATE of a
-- table whose replica identity has one.
ALTER PUBLICATION {publication} SET (publish_generated_columns = stored)
