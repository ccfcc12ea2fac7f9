-- What the scheduler holds against a channel or an account, and the last failure of each key, in JSON.
CREATE TABLE verdict (
  subject TEXT NOT NULL,
  name TEXT NOT NULL,
  verdict TEXT NOT NULL,
  PRIMARY KEY (subject, name)
) WITHOUT ROWID;
