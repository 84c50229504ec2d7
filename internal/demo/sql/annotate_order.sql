-- A customer adds the note $1 to an order.
UPDATE orders SET note = $1::text, updated_at = now()
WHERE id = (SELECT id FROM orders WHERE note IS NULL AND status IN ('placed', 'paid', 'packed') ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED);
