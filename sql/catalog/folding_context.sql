-- Whether lower() in this database, whose encoding is UTF-8, depends on the neighbours of a
-- character: at the end of a word, where a sigma becomes ς and not σ, and at combining
-- marks, which matter in Turkish and Lithuanian. PG_UNICODE_FAST (PostgreSQL 18) takes
-- ignorable characters at a text's start for a word.
SELECT
  lower('a' || chr(931)) = 'a' || chr(962) COLLATE "C" AS final_sigma,
  lower(chr(173) || chr(931)) = chr(173) || chr(962) COLLATE "C" AS ignorable_start,
  lower('I' || chr(775)) <> lower('I') || chr(775) COLLATE "C"
    OR lower('J' || chr(768)) <> lower('J') || chr(768) COLLATE "C" AS marks
