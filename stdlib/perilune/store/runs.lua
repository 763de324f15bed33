--- Looking at runs, and forgetting those that ended long ago.
local err = require "perilune.err"
local row = require "perilune.store.row"

---@class perilune.store.Store
local runs = {}

---@param id integer
---@return perilune.store.Run|nil
function runs:run(id)
  local found = self.reader:read { { ("SELECT %s FROM runs WHERE id = ?"):format(row.WHOLE), id } }[1][1]
  return found and row.run(found)
end

---@class perilune.store.Filter
---@field state? string|string[]  several: of any of them
---@field hook? string
---@field key? string
---@field target? string
---@field before? integer  only ids below: the last one of the page before
---@field limit? integer   100 without it

local KNOWN = { state = true, hook = true, key = true, target = true, before = true, limit = true }

local function check(filter)
  for name in pairs(filter) do
    if not KNOWN[name] then
      err.raise { code = "argument", message = "runs are not chosen by " .. tostring(name),
        hint = err.suggest(tostring(name), KNOWN) }
    end
  end
end

-- By the index of states where a state is named, as most are rare: + keeps others from being used.
local FIELDS = {
  { "state", "state = ?" }, { "hook", "hook = ?", "+hook = ?" }, { "key", "+key = ?" }, { "target", "+target = ?" },
  { "before", "id < ?" },
}

--- Ids of one state, or of any, and appends the parameters for them.
local function ids_of(filter, parameters)
  local conditions = {}
  for _, field in ipairs(FIELDS) do
    local name, plain, unindexed = field[1], field[2], field[3]
    if filter[name] then
      conditions[#conditions + 1] = filter.state and unindexed or plain
      parameters[#parameters + 1] = filter[name]
    end
  end
  parameters[#parameters + 1] = filter.limit or 100
  local where = #conditions > 0 and "WHERE " .. table.concat(conditions, " AND ") or ""
  return ("SELECT id FROM (SELECT id FROM runs %s ORDER BY id DESC LIMIT ?)"):format(where)
end

--- Runs, the newest first, without their plans.
---@param filter? perilune.store.Filter
---@return perilune.store.Run[]
function runs:runs(filter)
  filter = filter or {}
  check(filter)
  local states = type(filter.state) == "table" and filter.state or { filter.state or false }
  local statement, parts = { "" }, {}
  for i, state in ipairs(states) do
    local one = setmetatable({ state = state }, { __index = filter })
    parts[i] = ids_of(one, statement)
  end
  statement[1] = ("SELECT %s FROM runs WHERE id IN (%s) ORDER BY id DESC LIMIT ?"):format(row.BRIEF,
    table.concat(parts, " UNION ALL "))
  statement[#statement + 1] = filter.limit or 100
  return row.runs(self.reader:read { statement }[1])
end

--- Runs that were running when the store was used last, as whoever ran them may be gone; the oldest first.
---@return perilune.store.Run[]
function runs:unfinished()
  local text = ("SELECT %s FROM runs WHERE state = 'running' ORDER BY id"):format(row.WHOLE)
  return row.runs(self.reader:read { { text } }[1])
end

--- Runs that are running and that somebody wants to be stopped.
---@return perilune.store.Run[]
function runs:cancelling()
  local text = [[SELECT %s FROM runs WHERE state = 'running' AND cancelled_by IS NOT NULL ORDER BY id]]
  text = text:format(row.BRIEF)
  return row.runs(self.reader:read { { text } }[1])
end

--- How many runs there are: { state = n, …, oldest_queued = when the run was made that waits longest,
--- by_hook = { hook = { state = n } } }.
---@return table
function runs:counts()
  local found = self.reader:read {
    { "SELECT hook, state, count FROM tally WHERE count > 0" },
    { "SELECT created FROM runs WHERE state = 'queued' ORDER BY id LIMIT 1" },
  }
  local counts = { by_hook = {}, oldest_queued = found[2][1] and found[2][1].created }
  for _, one in ipairs(found[1]) do
    counts[one.state] = (counts[one.state] or 0) + one.count
    if one.hook ~= "" then
      counts.by_hook[one.hook] = counts.by_hook[one.hook] or {}
      counts.by_hook[one.hook][one.state] = one.count
    end
  end
  return counts
end

--- Whether somebody else, another program or connection, changed the store since this was asked last.
---@return boolean
function runs:changed()
  local version = self.db:read { { "PRAGMA data_version" } }[1][1].data_version
  local is_new = self.data_version ~= nil and self.data_version ~= version
  self.data_version = version
  return is_new
end

local PIECE = 200

local PRUNE = "DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE ended < ? ORDER BY ended LIMIT ?)"
local PRUNE_LANES = [[DELETE FROM lanes
  WHERE NOT EXISTS (SELECT 1 FROM tally WHERE tally.hook = lanes.hook AND count > 0)]]

--- Forgets runs that ended before a moment, with their logs and deliveries: a delivery that comes once more is new from
--- then on. Ids are not used again. Done in pieces, so that others are not held up.
---@param options { older_than: integer }
---@return integer count  of the runs
function runs:prune(options)
  local count = 0
  repeat
    local found = self.db:transact { { PRUNE, options.older_than, PIECE } }
    count = count + found[1].changes
  until found[1].changes < PIECE
  self.db:transact { { PRUNE_LANES }, { "DELETE FROM tally WHERE count = 0" } }
  return count
end

return runs
