-- An order that has waited long gets its next status.
UPDATE orders SET
  status = CASE status WHEN 'placed' THEN 'paid' WHEN 'paid' THEN 'packed' WHEN 'packed' THEN 'shipped' ELSE 'delivered' END::order_status,
  courier_id = CASE WHEN status = 'packed' THEN (SELECT min(id) FROM couriers WHERE couriers.city = orders.city) ELSE courier_id END,
  updated_at = now()
WHERE id = (
  SELECT id FROM orders WHERE status NOT IN ('delivered', 'cancelled')
  ORDER BY updated_at + random() * interval '15 seconds' LIMIT 1 FOR UPDATE SKIP LOCKED
);
