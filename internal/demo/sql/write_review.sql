-- $1 writes $2 of some product and gives $3 stars.
INSERT INTO reviews (author, body, stars, sku)
SELECT $1::text, $2::text, $3::smallint, sku FROM products ORDER BY random() LIMIT 1;
