--- The tables of a store, as the steps from each version to the next one.
--
-- A step is a list of statements that is carried out as a whole. Steps that were released are never changed: what is
-- to be different comes in a new one.
--
-- runs        one row for each run
-- deliveries  what came in, by the id of the first run that was made of it; it goes with the last of them
-- log         what runs print
-- lanes       (hook, target) of runs, and when each was served last, counted in services
-- tally       how many runs of each hook are in each state; kept by triggers
-- breakers    what is known of targets
--
-- A run that waits or runs is active. Of the active runs with the same hook and key only the first one, by id, is at
-- its turn: is_next. Triggers pass that on when it ends. So finding the next run takes no search.

local ACTIVE = "state IN ('queued', 'held', 'running')"

local first = {
  [[CREATE TABLE meta (
      name TEXT PRIMARY KEY,
      value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID]],

  [[CREATE TABLE runs (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      hook TEXT,
      key TEXT,
      keep TEXT NOT NULL DEFAULT 'all',
      state TEXT NOT NULL CHECK (state IN ('ignored', 'queued', 'held', 'running', 'done', 'failed', 'dead',
                                           'cancelled', 'superseded')),
      is_next INTEGER NOT NULL DEFAULT 1,
      kind TEXT,
      file TEXT,
      target TEXT NOT NULL DEFAULT '',
      delivery_id TEXT,
      event TEXT,
      created INTEGER NOT NULL,
      ready_at INTEGER NOT NULL,
      started INTEGER,
      ended INTEGER,
      attempt INTEGER NOT NULL DEFAULT 0,
      pid INTEGER,
      pid_start TEXT,
      outcome TEXT,
      exit INTEGER,
      summary TEXT,
      error TEXT,
      "commit" TEXT,
      who TEXT,
      approved_by TEXT,
      approved_at INTEGER,
      cancelled_by TEXT,
      plan TEXT,
      plan_digest TEXT,
      trace TEXT,
      allow TEXT,
      source INTEGER,
      delivery INTEGER
    ) STRICT]],
  -- a delivery with an id is one run, not counting replays
  "CREATE UNIQUE INDEX runs_delivery ON runs (hook, delivery_id) WHERE delivery_id IS NOT NULL AND source IS NULL",
  "CREATE INDEX runs_replay ON runs (delivery) WHERE delivery IS NOT NULL",
  "CREATE INDEX runs_ready ON runs (hook, target, ready_at, id) WHERE state = 'queued' AND is_next",
  "CREATE INDEX runs_key ON runs (hook, key, id) WHERE key IS NOT NULL AND " .. ACTIVE,
  "CREATE INDEX runs_state ON runs (state, id)",
  "CREATE INDEX runs_hook ON runs (hook, id)",
  "CREATE INDEX runs_ended ON runs (ended) WHERE ended IS NOT NULL",

  [[CREATE TABLE deliveries (
      id INTEGER PRIMARY KEY,
      peer TEXT,
      at INTEGER NOT NULL,
      headers BLOB NOT NULL,
      body BLOB NOT NULL
    ) STRICT]],

  [[CREATE TABLE log (
      run INTEGER NOT NULL,
      seq INTEGER NOT NULL,
      at INTEGER NOT NULL,
      stream TEXT NOT NULL,
      text TEXT NOT NULL,
      PRIMARY KEY (run, seq)
    ) STRICT, WITHOUT ROWID]],

  [[CREATE TABLE lanes (
      hook TEXT NOT NULL,
      target TEXT NOT NULL,
      served INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (hook, target)
    ) STRICT, WITHOUT ROWID]],

  [[CREATE TABLE tally (
      hook TEXT NOT NULL,
      state TEXT NOT NULL,
      count INTEGER NOT NULL,
      PRIMARY KEY (hook, state)
    ) STRICT, WITHOUT ROWID]],

  [[CREATE TABLE breakers (
      target TEXT PRIMARY KEY,
      state TEXT NOT NULL,
      since INTEGER NOT NULL,
      failures INTEGER NOT NULL DEFAULT 0,
      probe_at INTEGER,
      reason TEXT
    ) STRICT, WITHOUT ROWID]],

  [[CREATE TRIGGER runs_added AFTER INSERT ON runs BEGIN
      INSERT INTO tally VALUES (ifnull(NEW.hook, ''), NEW.state, 1)
        ON CONFLICT DO UPDATE SET count = count + 1;
    END]],
  [[CREATE TRIGGER runs_waiting AFTER INSERT ON runs WHEN NEW.state = 'queued' AND NEW.hook IS NOT NULL BEGIN
      INSERT OR IGNORE INTO lanes (hook, target) VALUES (NEW.hook, NEW.target);
    END]],
  [[CREATE TRIGGER runs_replaced AFTER INSERT ON runs
      WHEN NEW.keep = 'latest' AND NEW.key IS NOT NULL AND NEW.state = 'queued' BEGIN
      UPDATE runs SET state = 'superseded', ended = NEW.created, outcome = 'superseded by run ' || NEW.id
        WHERE hook = NEW.hook AND key = NEW.key AND state IN ('queued', 'held') AND id < NEW.id;
    END]],
  [[CREATE TRIGGER runs_moved AFTER UPDATE OF state ON runs WHEN NEW.state <> OLD.state BEGIN
      UPDATE tally SET count = count - 1 WHERE hook = ifnull(NEW.hook, '') AND state = OLD.state;
      INSERT INTO tally VALUES (ifnull(NEW.hook, ''), NEW.state, 1)
        ON CONFLICT DO UPDATE SET count = count + 1;
    END]],
  [[CREATE TRIGGER runs_claimed AFTER UPDATE OF state ON runs WHEN OLD.state = 'queued' AND NEW.state = 'running' BEGIN
      UPDATE lanes SET served = (SELECT max(served) + 1 FROM lanes) WHERE hook = NEW.hook AND target = NEW.target;
    END]],
  ([[CREATE TRIGGER runs_left AFTER UPDATE OF state ON runs
      WHEN NEW.key IS NOT NULL AND OLD.ACTIVE AND NOT NEW.ACTIVE BEGIN
      UPDATE runs SET is_next = 1 WHERE id =
        (SELECT min(id) FROM runs WHERE hook = NEW.hook AND key = NEW.key AND ACTIVE);
    END]]):gsub("ACTIVE", ACTIVE),
  [[CREATE TRIGGER runs_removed AFTER DELETE ON runs BEGIN
      UPDATE tally SET count = count - 1 WHERE hook = ifnull(OLD.hook, '') AND state = OLD.state;
      DELETE FROM log WHERE run = OLD.id;
      DELETE FROM deliveries WHERE id = ifnull(OLD.delivery, OLD.id)
        AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.id = deliveries.id)
        AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.delivery = deliveries.id);
    END]],
}

return { first }
