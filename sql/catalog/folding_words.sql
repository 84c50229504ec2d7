-- The runs of characters that decide whether a sigma ends a word: cased characters, and
-- ignorable ones, which lower() skips when it looks for a cased one. The statement tries
-- each character behind a sigma, with a letter behind it and without.
WITH tried AS (
  SELECT i,
    substr(lower('a' || chr(931) || chr(i)), 2, 1) = chr(963) COLLATE "C" AS cased,
    substr(lower('a' || chr(931) || chr(i) || 'a'), 2, 1) = chr(963) COLLATE "C" AS inside
  FROM (SELECT generate_series(1, 55295) UNION ALL SELECT generate_series(57344, 131071) UNION ALL SELECT generate_series(917504, 921599)) t(i)
)
SELECT cased, lower(run) AS first, upper(run) - 1 AS last
FROM (SELECT cased, unnest(range_agg(int4range(i, i + 1))) AS run FROM tried WHERE inside GROUP BY cased) runs
ORDER BY cased, first
