-- The product with the lowest stock, below six, gets $1 more.
UPDATE products SET stock = stock + $1::integer, updated_at = now()
WHERE sku = (SELECT sku FROM products WHERE stock < 6 ORDER BY stock LIMIT 1 FOR UPDATE SKIP LOCKED);
