-- What operators did: one row a write. `changes` tells what it changed of the configuration, secrets masked; `document`
-- is the whole of it afterwards, its credentials sealed, as long as it is kept.
CREATE TABLE change (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  address TEXT,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  changes TEXT NOT NULL,
  version TEXT,
  document TEXT
);

CREATE INDEX change_version ON change (version, seq) WHERE version IS NOT NULL;
