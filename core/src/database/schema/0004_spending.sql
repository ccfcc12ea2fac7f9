-- What a client key has used, in the latest period of each kind; `first_day` counts from 1970.
CREATE TABLE spending (
  client_key TEXT NOT NULL,
  period TEXT NOT NULL,
  first_day INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  last_used INTEGER NOT NULL,
  PRIMARY KEY (client_key, period)
) WITHOUT ROWID;
