-- The rows that the shop begins with. Rows that exist stay as they are.

INSERT INTO products (sku, name, category, price, list_price, stock, tags) VALUES
  ('TEA-01', 'Genmaicha, 100 g',         'tea',     11.50, 11.50, 42, '{green,japan}'),
  ('TEA-02', 'Earl Grey, 125 g',         'tea',      9.80,  9.80, 60, '{black,bergamot}'),
  ('TEA-03', 'Darjeeling First Flush',   'tea',     18.40, 18.40, 18, '{black,india,new}'),
  ('TEA-04', 'Rooibos Vanilla, 150 g',   'tea',      8.20,  8.20, 35, '{decaf}'),
  ('TEA-05', 'Mountain Oolong, 75 g',    'tea',     21.90, 21.90, 14, '{oolong,taiwan}'),
  ('COF-01', 'Yirgacheffe, whole bean',  'coffee',  15.60, 15.60, 31, '{ethiopia,light}'),
  ('COF-02', 'Huila, whole bean',        'coffee',  14.20, 14.20, 44, '{colombia,medium}'),
  ('COF-03', 'House espresso, 1 kg',     'coffee',  29.00, 29.00, 25, '{blend,dark}'),
  ('COF-04', 'Swiss Water decaf',        'coffee',  16.10, 16.10, 20, '{decaf}'),
  ('POT-01', 'Kyusu teapot, 300 ml',     'pottery', 64.00, 64.00,  9, '{japan,handmade}'),
  ('POT-02', 'Espresso cup, set of 2',   'pottery', 28.50, 28.50, 22, '{}'),
  ('POT-03', 'Pour-over cone',           'pottery', 34.00, 34.00, 16, '{handmade}'),
  ('POT-04', 'Matcha bowl, indigo',      'pottery', 48.00, 48.00, 11, '{japan,new}'),
  ('PAN-01', 'Wildflower honey, 250 g',  'pantry',   9.40,  9.40, 50, '{local}'),
  ('PAN-02', 'Sea salt caramels',        'pantry',   7.90,  7.90, 64, '{sweet}'),
  ('PAN-03', 'Almond biscotti',          'pantry',   6.80,  6.80, 40, '{sweet,vegan}'),
  ('PAP-01', 'Brewing journal',          'paper',   17.00, 17.00, 27, '{gift}'),
  ('PAP-02', 'Paper filters, 100',       'paper',    5.20,  5.20, 90, '{}')
ON CONFLICT (sku) DO NOTHING;

INSERT INTO couriers (id, name, city, lat, lon, heading, battery, base)
SELECT id, name, city, lat, lon, heading, battery, point(lat, lon) FROM (VALUES
  (1,  'Rui Tavares',      'Lisbon',      38.7139,   -9.1394,  40, 91),
  (2,  'Freja Holm',       'Copenhagen',  55.6867,   12.5701, 200, 76),
  (3,  'Daiki Mori',       'Kyoto',       35.0116,  135.7681, 310, 84),
  (4,  'Achieng Otieno',   'Nairobi',     -1.2864,   36.8172, 120, 58),
  (5,  'Noémie Gagnon',    'Montréal',    45.5089,  -73.5617,  75, 97),
  (6,  'Pau Ferrer',       'Valencia',    39.4699,   -0.3763, 260, 66),
  (7,  'Lakshmi Iyer',     'Chennai',     13.0827,   80.2707,  15, 49),
  (8,  'Tomás Aguirre',    'Montevideo', -34.9011,  -56.1645, 155, 88),
  (9,  'Ingrid Solberg',   'Oslo',        59.9139,   10.7522, 340, 71),
  (10, 'Yaw Asante',       'Accra',        5.6037,   -0.1870, 230, 63)
) AS c (id, name, city, lat, lon, heading, battery)
ON CONFLICT (id) DO NOTHING;

INSERT INTO orders (customer, city, status, total, items, courier_id, gift, note, updated_at)
SELECT customer, city, status::order_status, price * qty, jsonb_build_array(jsonb_build_object('sku', sku, 'qty', qty)),
       courier_id, gift, note, now() - age
FROM (VALUES
  ('Inês Carvalho',    'Lisbon',     'shipped',   'TEA-01', 2, 1,             false, NULL,                         interval '41 minutes'),
  ('Søren Kjær',       'Copenhagen', 'delivered', 'COF-03', 1, 2,             false, NULL,                         interval '36 minutes'),
  ('Haruto Sato',      'Kyoto',      'packed',    'POT-01', 1, NULL,          true,  'Happy birthday, Mum!',       interval '30 minutes'),
  ('Wanjiku Kamau',    'Nairobi',    'packed',    'COF-01', 3, NULL,          false, NULL,                         interval '25 minutes'),
  ('Amélie Tremblay',  'Montréal',   'shipped',   'PAN-02', 4, 5,             false, 'Leave it with the neighbour', interval '21 minutes'),
  ('Mateo Fernández',  'Valencia',   'paid',      'TEA-05', 1, NULL,          false, NULL,                         interval '17 minutes'),
  ('Priya Raman',      'Chennai',    'paid',      'POT-02', 2, NULL,          true,  NULL,                         interval '12 minutes'),
  ('Lucía Pereyra',    'Montevideo', 'paid',      'PAP-01', 1, NULL,          false, NULL,                         interval '9 minutes'),
  ('Henrik Dahl',      'Oslo',       'placed',    'TEA-02', 2, NULL,          false, 'Ring twice, please',         interval '6 minutes'),
  ('Kwame Boateng',    'Accra',      'placed',    'COF-02', 1, NULL::integer, false, NULL,                         interval '3 minutes')
) AS o (customer, city, status, sku, qty, courier_id, gift, note, age)
JOIN products USING (sku)
WHERE NOT EXISTS (SELECT FROM orders)
ORDER BY age DESC;

INSERT INTO reviews (sku, stars, author, body)
SELECT sku, stars, author, body FROM (VALUES
  ('TEA-03', 5, 'Priya R.',  'Tastes like spring.'),
  ('POT-01', 4, 'Haruto S.', 'Pours well; the lid is a little loose.'),
  ('COF-03', 5, 'Søren K.',  'We order it every month.')
) AS r (sku, stars, author, body)
JOIN products USING (sku)
WHERE NOT EXISTS (SELECT FROM reviews);
