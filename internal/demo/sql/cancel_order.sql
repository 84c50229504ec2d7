-- A customer cancels an order for the reason $1.
UPDATE orders SET status = 'cancelled', note = $1::text, updated_at = now()
WHERE id = (SELECT id FROM orders WHERE status IN ('placed', 'paid') ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED);
