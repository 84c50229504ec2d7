-- The oldest review goes once there are more than twenty.
DELETE FROM reviews
WHERE id = (SELECT id FROM reviews ORDER BY created_at DESC OFFSET 20 LIMIT 1);
