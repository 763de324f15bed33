--- What comes in and what is to be run next.
local c = require "perilune.c.store"
local err = require "perilune.err"
local headers = require "perilune.store.headers"
local json = require "perilune.c.json"
local row = require "perilune.store.row"

local blob, value, packed = c.blob, row.value, row.packed

---@class perilune.store.Store
local queue = {}

---@class perilune.store.Delivery
---@field hook string
---@field delivery_id? string  nil: never seen before
---@field peer? string
---@field at integer           microseconds since 1970 UTC
---@field event? string
---@field headers table<string, string>
---@field body string          bytes

---@class perilune.store.Accept: perilune.store.Delivery
---@field key? string
---@field keep? "all"|"latest"        of what waits under the same hook and key; "all" without it
---@field state? "queued"|"ignored"   "queued" without it
---@field kind? string
---@field file? string
---@field target? string
---@field trace? string
---@field allow? string[]
---@field outcome? string             why it is ignored

-- Parameters by number: is_next needs some of them a second time.
local ADD = [[INSERT INTO runs (hook, key, keep, state, kind, file, target, delivery_id, event, created, ready_at,
    ended, trace, allow, outcome, is_next)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, iif(?4 = 'ignored', ?10, NULL), ?11, ?12, ?13,
    ?2 IS NULL OR NOT EXISTS (SELECT 1 FROM runs WHERE hook = ?1 AND key = ?2
      AND state IN ('queued', 'held', 'running'))
  WHERE NOT EXISTS (SELECT 1 FROM runs WHERE hook = ?1 AND delivery_id = ?8 AND source IS NULL)
  RETURNING id]]

-- Only if the statement before it added a run.
local ADD_DELIVERY = [[INSERT INTO deliveries (id, peer, at, headers, body)
  SELECT last_insert_rowid(), ?, ?, ?, ? WHERE changes() = 1]]

local SEEN = "SELECT id, state FROM runs WHERE hook = ? AND delivery_id = ? AND source IS NULL"

--- What was made of the delivery when it came first; nil if it was pruned just now.
local function seen(self, delivery)
  local found = self.reader:read { { SEEN, delivery.hook, delivery.delivery_id } }[1][1]
  return found and { run = found.id, is_new = false, state = found.state }
end

--- Keeps a delivery and the run that it asks for. Returns when both will survive a power cut. A delivery whose id this
--- hook has seen changes nothing: the answer is the run that was made of it then, as it is now.
---@param delivery perilune.store.Accept
---@return { run: integer, is_new: boolean, state: string }
function queue:accept(delivery)
  local d, state = delivery, delivery.state or "queued"
  local found = self.db:transact {
    { ADD, value(d.hook), value(d.key), d.keep or "all", state, value(d.kind), value(d.file), d.target or "",
      value(d.delivery_id), value(d.event), d.at, value(d.trace), packed(d.allow), value(d.outcome) },
    { ADD_DELIVERY, value(d.peer), d.at, blob(headers.pack(d.headers or {})), blob(d.body or "") },
  }
  local added = found[1][1]
  if added then return { run = added.id, is_new = true, state = state } end
  return seen(self, delivery) or self:accept(delivery)
end

local BEGIN = [[INSERT INTO runs (hook, state, kind, file, target, created, ready_at, started, attempt, pid, pid_start,
    "commit", who, trace, allow)
  VALUES (NULL, 'running', ?1, ?2, ?3, ?4, ?4, ?4, 1, ?5, ?6, ?7, ?8, ?9, ?10) RETURNING id]]

---@class perilune.store.Begin
---@field at integer      microseconds since 1970 UTC
---@field kind? string
---@field file? string
---@field target? string
---@field pid? integer
---@field pid_start? string
---@field commit? string
---@field who? string
---@field trace? string
---@field allow? string[]

--- Records a run that somebody started by hand and that no queue has: it is running from now on.
---@param facts perilune.store.Begin
---@return integer id
function queue:begin(facts)
  return self.db:transact { { BEGIN, value(facts.kind), value(facts.file), facts.target or "", facts.at,
    value(facts.pid), value(facts.pid_start), value(facts.commit), value(facts.who), value(facts.trace),
    packed(facts.allow) } }[1][1].id
end

local DELIVERY = [[SELECT r.hook, r.delivery_id, d.peer, d.at, r.event, d.headers, d.body
  FROM runs r JOIN deliveries d ON d.id = ifnull(r.delivery, r.id) WHERE r.id = ?]]

--- What a run was made of; a replay has that of the first one.
---@param id integer
---@return perilune.store.Delivery|nil
function queue:delivery(id)
  local found = self.reader:read { { DELIVERY, id } }[1][1]
  if found then found.headers = headers.unpack(found.headers) end
  return found
end

-- Of each lane the run that has been ready for longest; of those the one whose hook has the fewest running, then was
-- served longest ago. ?2: { hook = how many are running } that are counted elsewhere, ?3: targets not to be used.
local NEXT = [[SELECT (SELECT id FROM runs WHERE hook = lane.hook AND target = lane.target
      AND state = 'queued' AND is_next AND ready_at <= ?1 ORDER BY ready_at, id LIMIT 1) AS ready
  FROM lanes AS lane
  WHERE ready IS NOT NULL AND target NOT IN (SELECT value FROM json_each(?3))
  ORDER BY coalesce((SELECT value FROM json_each(?2) WHERE key = lane.hook),
      (SELECT count FROM tally WHERE hook = lane.hook AND state = 'running'), 0),
    (SELECT max(served) FROM lanes WHERE hook = lane.hook), served, ready
  LIMIT 1]]
local CLAIM = ([[UPDATE runs SET state = 'running', attempt = attempt + 1, started = ?1, pid = NULL, pid_start = NULL
  WHERE id = (%s) RETURNING %s]]):format(NEXT, row.WHOLE)

---@class perilune.store.Claim
---@field at integer                        microseconds since 1970 UTC
---@field hooks_busy? table<string, integer>  how many run of each hook; of those that are not named, as the store knows
---@field closed? string[]                  targets that are not to be used now

local function list_of(set)
  if #set > 0 then return json.encode(set) end
  local list = {}
  for target, is_closed in pairs(set) do
    if is_closed then list[#list + 1] = target end
  end
  return #list == 0 and "[]" or json.encode(list)
end

--- The run to start next, which is running from now on. Of the runs of one hook with the same key one is started at a
--- time, in the order in which they came.
---@param options perilune.store.Claim
---@return perilune.store.Run|nil
function queue:claim(options)
  local busy = options.hooks_busy and next(options.hooks_busy) and json.encode(options.hooks_busy) or "{}"
  local found = self.db:transact { { CLAIM, options.at, busy, list_of(options.closed or {}) } }[1][1]
  return found and row.run(found)
end

local NEXT_READY = [[SELECT min((SELECT ready_at FROM runs WHERE hook = lane.hook AND target = lane.target
      AND state = 'queued' AND is_next AND ready_at > ? ORDER BY ready_at LIMIT 1)) AS at FROM lanes AS lane]]

--- When the first of those runs becomes ready that are not ready at a moment: the one that claim was asked with.
---@param at integer
---@return integer|nil
function queue:next_ready(at)
  return self.reader:read { { NEXT_READY, at } }[1][1].at
end

-- From state to state --------------------------------------------------------------------------------------------

--- Changes a run that is in one of some states; raises when it is not.
---@param assignments string   of SQL, with the parameters ?2 and on
---@param states string        as SQL lists them: "'queued', 'held'"
local function change(self, id, states, assignments, ...)
  local text = ("UPDATE runs SET %s WHERE id = ?1 AND state IN (%s)"):format(assignments, states)
  local changed = self.db:transact { { text, id, ... } }[1].changes
  if changed == 0 then row.refuse(self:run(id), id, (states:gsub("'", ""):gsub(",", " or"))) end
end

--- The process of a claimed run is known.
---@param id integer
---@param facts { pid: integer?, pid_start: string?, commit: string? }
function queue:started(id, facts)
  change(self, id, "'running'",
    'pid = ifnull(?2, pid), pid_start = ifnull(?3, pid_start), "commit" = ifnull(?4, "commit")',
    value(facts.pid), value(facts.pid_start), value(facts.commit))
end

---@class perilune.store.Finish
---@field state "done"|"failed"|"dead"|"cancelled"
---@field outcome? string
---@field exit? integer
---@field summary? table
---@field error? table
---@field at integer

local FINAL = { done = true, failed = true, dead = true, cancelled = true }

--- A run has ended for good.
---@param id integer
---@param facts perilune.store.Finish
function queue:finish(id, facts)
  if not FINAL[facts.state] then
    err.raise { code = "argument", message = "no state in which a run ends: " .. tostring(facts.state),
      hint = err.suggest(tostring(facts.state), FINAL) }
  end
  change(self, id, "'running'", [[state = ?2, outcome = ?3, exit = ?4, summary = ifnull(?5, summary), error = ?6,
    ended = ?7]], facts.state, value(facts.outcome), value(facts.exit), packed(facts.summary), packed(facts.error),
    facts.at)
end

--- A run is to be tried again; those behind it, with the same key, wait for it.
---@param id integer
---@param facts { ready_at: integer, error: table?, outcome: string? }
function queue:retry(id, facts)
  change(self, id, "'running'",
    "state = 'queued', ready_at = ?2, error = ?3, outcome = ?4, pid = NULL, pid_start = NULL",
    facts.ready_at, packed(facts.error), value(facts.outcome))
end

--- A run that was claimed and not started waits as before; the attempt does not count.
---@param id integer
function queue:release(id)
  change(self, id, "'running'", "state = 'queued', attempt = attempt - 1, pid = NULL, pid_start = NULL")
end

--- A run has planned, and waits until somebody approves of it. Attempts count anew from then on.
---@param id integer
---@param facts { plan: string, plan_digest: string?, summary: table? }
function queue:hold(id, facts)
  change(self, id, "'running'", [[state = 'held', plan = ?2, plan_digest = ?3, summary = ?4, attempt = 0, pid = NULL,
    pid_start = NULL]], facts.plan, value(facts.plan_digest), packed(facts.summary))
end

--- A held run is to be carried out.
---@param id integer
---@param who string
---@param at integer
function queue:approve(id, who, at)
  change(self, id, "'held'", "state = 'queued', approved_by = ?2, approved_at = ?3, ready_at = ?3", who, at)
end

--- A held run is not to be carried out.
---@param id integer
---@param who string
---@param at integer
function queue:reject(id, who, at)
  change(self, id, "'held'", "state = 'cancelled', cancelled_by = ?2, ended = ?3, outcome = 'rejected by ' || ?2",
    who, at)
end

-- In the order of ids: the run is either still waiting, or running.
local CANCEL = [[UPDATE runs SET state = 'cancelled', ended = ?3, outcome = 'cancelled by ' || ?2, cancelled_by = ?2
  WHERE id = ?1 AND state IN ('queued', 'held')]]
local CANCEL_RUNNING = "UPDATE runs SET cancelled_by = ?2 WHERE id = ?1 AND state = 'running'"

--- A run is not to be run. One that is running is marked, for whoever runs it to stop it.
---@param id integer
---@param who string
---@param at? integer  microseconds since 1970 UTC; now without it
---@return "cancelled"|"running"
function queue:cancel(id, who, at)
  local found = self.db:transact { { CANCEL, id, who, at or self.now() }, { CANCEL_RUNNING, id, who } }
  if found[1].changes == 1 then return "cancelled" end
  if found[2].changes == 0 then row.refuse(self:run(id), id, "waiting or running") end
  return "running"
end

local REPLAY = [[INSERT INTO runs (hook, key, keep, state, kind, file, target, delivery_id, event, created, ready_at,
    trace, allow, who, source, delivery, is_next)
  SELECT hook, key, keep, 'queued', kind, file, target, delivery_id, event, ?3, ?3, trace, allow, ?2, id,
    ifnull(delivery, id), key IS NULL OR NOT EXISTS (SELECT 1 FROM runs AS other WHERE other.hook = runs.hook
      AND other.key = runs.key AND state IN ('queued', 'held', 'running'))
  FROM runs WHERE id = ?1 AND ended IS NOT NULL RETURNING id]]

--- Runs once more what has ended, from the same delivery.
---@param id integer
---@param who string
---@param at integer
---@return integer id  of the new run
function queue:replay(id, who, at)
  local added = self.db:transact { { REPLAY, id, value(who), at } }[1][1]
  if not added then row.refuse(self:run(id), id, "ended") end
  return added.id
end

return queue
