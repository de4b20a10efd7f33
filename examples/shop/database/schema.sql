DROP SCHEMA IF EXISTS shop_demo CASCADE;
CREATE SCHEMA shop_demo;

-- Prices come from a spreadsheet, as text. Most of them are numbers.
CREATE TABLE shop_demo.products (
  sku   text PRIMARY KEY,
  name  text NOT NULL,
  stock integer NOT NULL CHECK (stock >= 0),
  price text NOT NULL
);

CREATE TABLE shop_demo.orders (
  id          serial PRIMARY KEY,
  customer    text NOT NULL,
  lines       jsonb NOT NULL,
  total_cents integer NOT NULL,
  charge_id   text NOT NULL,
  status      text NOT NULL DEFAULT 'placed'
);

CREATE TABLE shop_demo.jobs (
  id       serial PRIMARY KEY,
  order_id integer NOT NULL REFERENCES shop_demo.orders (id),
  state    text NOT NULL DEFAULT 'queued'
);

INSERT INTO shop_demo.products (sku, name, stock, price) VALUES
  ('mug',         'Enamel mug',    40, '12.50'),
  ('kettle',      'Gas kettle',     7, '39.00'),
  ('lamp',        'Storm lamp',     3, '54.90'),
  ('mystery-box', 'Mystery box',   10, 'ask the owner');
