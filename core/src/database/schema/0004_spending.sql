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

-- What a process may come to use of a key's budgets, `holder` being the process, until it ends or is given up.
CREATE TABLE claim (
  client_key TEXT NOT NULL,
  holder TEXT NOT NULL,
  tokens INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (client_key, holder)
) WITHOUT ROWID;
