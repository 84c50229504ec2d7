-- A review older than the newest twenty is deleted.
DELETE FROM reviews
WHERE id = (SELECT id FROM reviews ORDER BY created_at DESC OFFSET 20 LIMIT 1);
