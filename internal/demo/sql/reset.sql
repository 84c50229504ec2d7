-- Drops the tables and types of another version of the demo, and nothing else.
DROP TABLE IF EXISTS reviews, orders, couriers, products CASCADE;
DROP TYPE IF EXISTS product_category, order_status, courier_status CASCADE;
