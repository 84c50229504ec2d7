-- The oldest order that was delivered or cancelled is deleted.
DELETE FROM orders
WHERE id = (SELECT id FROM orders WHERE status IN ('delivered', 'cancelled') ORDER BY updated_at LIMIT 1 FOR UPDATE SKIP LOCKED);
