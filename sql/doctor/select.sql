-- Whether the role may read a table's rows.
SELECT * FROM {table} LIMIT 0
