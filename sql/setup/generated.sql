-- With a stored generated column left out, PostgreSQL refuses the UPDATE of a table
-- whose replica identity has it.
ALTER PUBLICATION {publication} SET (publish_generated_columns = stored)
