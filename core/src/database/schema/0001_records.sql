-- One row a request, whatever its attempts. Times are milliseconds, `at` since 1970, all others from `at` on.
CREATE TABLE request (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL,
  client_key TEXT NOT NULL,
  session TEXT,
  protocol TEXT NOT NULL,
  model TEXT NOT NULL,
  stream INTEGER NOT NULL,
  status INTEGER NOT NULL,
  class TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  channel TEXT,
  key TEXT,
  upstream_protocol TEXT,
  upstream_model TEXT,
  queued INTEGER,
  first_byte INTEGER,
  first_content INTEGER,
  duration INTEGER NOT NULL,
  input INTEGER,
  cache_read INTEGER,
  cache_write INTEGER,
  cache_write_1h INTEGER,
  output INTEGER,
  reasoning INTEGER,
  input_audio INTEGER,
  output_audio INTEGER,
  web_searches INTEGER,
  estimated INTEGER NOT NULL,
  cost INTEGER,
  request_bytes INTEGER NOT NULL,
  response_bytes INTEGER NOT NULL,
  lost TEXT,
  error TEXT,
  left_out TEXT
);

CREATE INDEX request_at ON request (at);

CREATE INDEX request_failed ON request (at) WHERE status >= 400;

CREATE INDEX request_channel ON request (channel, at);

CREATE INDEX request_model ON request (model, at);

CREATE INDEX request_client_key ON request (client_key, at);

CREATE INDEX request_session ON request (session, at) WHERE session IS NOT NULL;

-- Times are milliseconds, `at` since 1970, all others from `at` on.
CREATE TABLE attempt (
  request TEXT NOT NULL,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  channel TEXT NOT NULL,
  key TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  protocol TEXT NOT NULL,
  model TEXT NOT NULL,
  rule TEXT NOT NULL,
  class TEXT NOT NULL,
  status INTEGER,
  first_byte INTEGER,
  first_content INTEGER,
  duration INTEGER NOT NULL,
  message TEXT,
  considered TEXT,
  PRIMARY KEY (request, number)
) WITHOUT ROWID;

-- Sums over the requests that arrived within `span` milliseconds from `at` on, for one value of one dimension. The last
-- two groups of columns are histograms of the times to the first content and to the end.
CREATE TABLE rollup (
  span INTEGER NOT NULL,
  dimension TEXT NOT NULL,
  at INTEGER NOT NULL,
  value TEXT NOT NULL,
  requests INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  gone INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  failed_attempts INTEGER NOT NULL,
  input INTEGER NOT NULL,
  cache_read INTEGER NOT NULL,
  cache_write INTEGER NOT NULL,
  output INTEGER NOT NULL,
  reasoning INTEGER NOT NULL,
  estimated INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  unpriced INTEGER NOT NULL,
  f00 INTEGER NOT NULL, f01 INTEGER NOT NULL, f02 INTEGER NOT NULL, f03 INTEGER NOT NULL,
  f04 INTEGER NOT NULL, f05 INTEGER NOT NULL, f06 INTEGER NOT NULL, f07 INTEGER NOT NULL,
  f08 INTEGER NOT NULL, f09 INTEGER NOT NULL, f10 INTEGER NOT NULL, f11 INTEGER NOT NULL,
  f12 INTEGER NOT NULL, f13 INTEGER NOT NULL, f14 INTEGER NOT NULL, f15 INTEGER NOT NULL,
  f16 INTEGER NOT NULL, f17 INTEGER NOT NULL, f18 INTEGER NOT NULL, f19 INTEGER NOT NULL,
  f20 INTEGER NOT NULL, f21 INTEGER NOT NULL, f22 INTEGER NOT NULL, f23 INTEGER NOT NULL,
  f24 INTEGER NOT NULL, f25 INTEGER NOT NULL, f26 INTEGER NOT NULL, f27 INTEGER NOT NULL,
  f28 INTEGER NOT NULL, f29 INTEGER NOT NULL, f30 INTEGER NOT NULL, f31 INTEGER NOT NULL,
  d00 INTEGER NOT NULL, d01 INTEGER NOT NULL, d02 INTEGER NOT NULL, d03 INTEGER NOT NULL,
  d04 INTEGER NOT NULL, d05 INTEGER NOT NULL, d06 INTEGER NOT NULL, d07 INTEGER NOT NULL,
  d08 INTEGER NOT NULL, d09 INTEGER NOT NULL, d10 INTEGER NOT NULL, d11 INTEGER NOT NULL,
  d12 INTEGER NOT NULL, d13 INTEGER NOT NULL, d14 INTEGER NOT NULL, d15 INTEGER NOT NULL,
  d16 INTEGER NOT NULL, d17 INTEGER NOT NULL, d18 INTEGER NOT NULL, d19 INTEGER NOT NULL,
  d20 INTEGER NOT NULL, d21 INTEGER NOT NULL, d22 INTEGER NOT NULL, d23 INTEGER NOT NULL,
  d24 INTEGER NOT NULL, d25 INTEGER NOT NULL, d26 INTEGER NOT NULL, d27 INTEGER NOT NULL,
  d28 INTEGER NOT NULL, d29 INTEGER NOT NULL, d30 INTEGER NOT NULL, d31 INTEGER NOT NULL,
  PRIMARY KEY (span, dimension, at, value)
) WITHOUT ROWID;
