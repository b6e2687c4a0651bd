CREATE TABLE IF NOT EXISTS migration ( -- One row: how far the migration came, and the last fence.
  id INTEGER PRIMARY KEY CHECK (id = 1),
  version INTEGER NOT NULL,
  fence INTEGER NOT NULL
);
INSERT OR IGNORE INTO migration VALUES (1, 0, 0);
-- The database refuses what a holder with a lower fence writes.
CREATE TRIGGER IF NOT EXISTS fenced BEFORE UPDATE ON migration WHEN NEW.fence < OLD.fence
BEGIN
  SELECT RAISE(ABORT, 'a later lease was here');
END;
