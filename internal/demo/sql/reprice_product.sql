-- The price of a product becomes the fraction $1 of its list price, rounded to ten cents.
UPDATE products SET price = greatest(0.10, round(list_price * $1::numeric, 1)), updated_at = now()
WHERE sku = (SELECT sku FROM products WHERE price <> greatest(0.10, round(list_price * $1::numeric, 1)) ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED);
