-- The shop of the demo: tables as an application might have them, with columns of many types.
-- Running this again changes nothing.

DO $$ BEGIN
  CREATE TYPE product_category AS ENUM ('tea', 'coffee', 'pottery', 'pantry', 'paper');
EXCEPTION WHEN duplicate_object THEN NULL; END $$;

DO $$ BEGIN
  CREATE TYPE order_status AS ENUM ('placed', 'paid', 'packed', 'shipped', 'delivered', 'cancelled');
EXCEPTION WHEN duplicate_object THEN NULL; END $$;

DO $$ BEGIN
  CREATE TYPE courier_status AS ENUM ('riding', 'charging');
EXCEPTION WHEN duplicate_object THEN NULL; END $$;

CREATE TABLE IF NOT EXISTS products (
  sku         text PRIMARY KEY,
  name        text NOT NULL,
  category    product_category NOT NULL,
  price       numeric(8,2) NOT NULL CHECK (price > 0),
  list_price  numeric(8,2) NOT NULL CHECK (list_price > 0),
  stock       integer NOT NULL CHECK (stock >= 0),
  tags        text[] NOT NULL DEFAULT '{}',
  updated_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS couriers (
  id       integer PRIMARY KEY,
  name     text NOT NULL,
  city     text NOT NULL,
  status   courier_status NOT NULL DEFAULT 'riding',
  lat      double precision NOT NULL,
  lon      double precision NOT NULL,
  heading  smallint NOT NULL DEFAULT 0 CHECK (heading BETWEEN 0 AND 359),
  battery  smallint NOT NULL DEFAULT 100 CHECK (battery BETWEEN 0 AND 100),
  base     point NOT NULL, -- (lat, lon); the courier stays near it
  seen_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS orders (
  id          bigint GENERATED ALWAYS AS IDENTITY (START WITH 1001) PRIMARY KEY,
  customer    text NOT NULL,
  city        text NOT NULL,
  status      order_status NOT NULL DEFAULT 'placed',
  total       numeric(10,2) NOT NULL,
  items       jsonb NOT NULL,
  courier_id  integer REFERENCES couriers ON DELETE SET NULL,
  gift        boolean NOT NULL DEFAULT false,
  note        text,
  updated_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS reviews (
  id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  sku         text NOT NULL REFERENCES products ON DELETE CASCADE,
  stars       smallint NOT NULL CHECK (stars BETWEEN 1 AND 5),
  author      text NOT NULL,
  body        text NOT NULL,
  written_on  date NOT NULL DEFAULT current_date,
  created_at  timestamptz NOT NULL DEFAULT now()
);

-- With REPLICA IDENTITY FULL the log has the whole old row, so that an event of an update has
-- the values that changed. reviews keeps the default, to show the difference: the event of a
-- delete has the key alone.
ALTER TABLE products REPLICA IDENTITY FULL;
ALTER TABLE couriers REPLICA IDENTITY FULL;
ALTER TABLE orders REPLICA IDENTITY FULL;
