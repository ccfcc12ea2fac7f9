-- What an operator wants to be captured, one row at most: `most` of the requests that fit, those that end before
-- `until`. What is NULL does not matter.
CREATE TABLE capture_order (
  id TEXT PRIMARY KEY,
  until INTEGER NOT NULL,
  most INTEGER NOT NULL,
  taken INTEGER NOT NULL,
  channel TEXT,
  client_key TEXT,
  model TEXT
) WITHOUT ROWID;

-- What was captured of a request, in JSON; `bytes` is how long that is.
CREATE TABLE capture (
  seq INTEGER PRIMARY KEY,
  request TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  content TEXT NOT NULL
);

CREATE INDEX capture_bytes ON capture (bytes);
CREATE INDEX capture_at ON capture (at);
