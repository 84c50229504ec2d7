-- By which marks a hosted database is recognised. A mark is setting:NAME, role:NAME or
-- extension:NAME. A setting's value follows it, after an equals sign. $1: the marks.
SELECT m.mark || CASE WHEN m.kind = 'setting' THEN '=' || current_setting(m.name, true) ELSE '' END
FROM (SELECT mark, split_part(mark, ':', 1) AS kind, split_part(mark, ':', 2) AS name FROM unnest($1::text[]) AS mark) m
WHERE CASE m.kind
  WHEN 'setting' THEN coalesce(current_setting(m.name, true), '') <> ''
  WHEN 'role' THEN EXISTS (SELECT FROM pg_roles WHERE rolname = m.name)
  ELSE EXISTS (SELECT FROM pg_extension WHERE extname = m.name) END
ORDER BY m.mark
