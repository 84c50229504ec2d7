-- The customer $1 in the city $2 orders up to $3 different products, as a gift if $4 is true. Their
-- stock falls.
WITH basket AS (
  SELECT sku, price, 1 + (random() * 2)::integer AS qty
  FROM products WHERE stock >= 3 ORDER BY random() LIMIT $3
), taken AS (
  UPDATE products SET stock = stock - qty, updated_at = now()
  FROM basket WHERE products.sku = basket.sku AND stock >= qty
)
INSERT INTO orders (customer, city, gift, total, items)
SELECT $1::text, $2::text, $4::boolean, sum(price * qty), jsonb_agg(jsonb_build_object('sku', sku, 'qty', qty))
FROM basket HAVING count(*) > 0;
