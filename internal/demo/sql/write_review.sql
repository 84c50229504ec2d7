-- The author $1 reviews a random product, with the text $2 and $3 stars.
INSERT INTO reviews (author, body, stars, sku)
SELECT $1::text, $2::text, $3::smallint, sku FROM products ORDER BY random() LIMIT 1;
