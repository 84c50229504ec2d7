-- The characters that lower() changes in this database, one by one. The answer depends on
-- the server's C library or ICU, so only the server knows it.
-- $1: the last character's number. Beyond 131071 no character has a case.
SELECT c AS upper, lower(c) AS lower
FROM (SELECT chr(i) AS c FROM generate_series(1, $1::int) i WHERE i NOT BETWEEN 55296 AND 57343) t
WHERE lower(c) <> c COLLATE "C"
