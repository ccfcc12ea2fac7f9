-- Requests stand in the order in which they came, so that no index has to be kept: `seq` is the time and, in its last 21
-- bits, who of the same millisecond was written first. Whatever requests are looked for by stands in front.
CREATE TABLE request_in_order (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL AS (seq >> 21),
  place INTEGER NOT NULL AS (seq & 2097151),
  status INTEGER NOT NULL,
  class TEXT NOT NULL,
  protocol TEXT NOT NULL,
  channel TEXT,
  model TEXT NOT NULL,
  client_key TEXT NOT NULL,
  session TEXT,
  id TEXT NOT NULL,
  stream INTEGER NOT NULL,
  finish TEXT,
  attempts INTEGER NOT NULL,
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
  code TEXT,
  error TEXT,
  attempt_log TEXT NOT NULL,
  left_out TEXT
);

INSERT INTO request_in_order (seq, status, class, protocol, channel, model, client_key, session, id, stream, finish,
    attempts, key, upstream_protocol, upstream_model, queued, first_byte, first_content, duration, input, cache_read,
    cache_write, cache_write_1h, output, reasoning, input_audio, output_audio, web_searches, estimated, cost,
    request_bytes, response_bytes, lost, code, error, attempt_log, left_out)
  SELECT (at << 21) | (seq & 2097151), status, class, protocol, channel, model, client_key, session, id, stream, finish,
    attempts, key, upstream_protocol, upstream_model, queued, first_byte, first_content, duration, input, cache_read,
    cache_write, cache_write_1h, output, reasoning, input_audio, output_audio, web_searches, estimated, cost,
    request_bytes, response_bytes, lost, code, error, attempt_log, nullif(left_out, '[]')
  FROM request ORDER BY at, seq;

DROP TABLE request;

ALTER TABLE request_in_order RENAME TO request;
