--- What is known of targets: whether they are to be used.
local row = require "perilune.store.row"

---@class perilune.store.Store
local breakers = {}

---@class perilune.store.Breaker
---@field target string
---@field state string
---@field since integer
---@field failures integer
---@field probe_at? integer
---@field reason? string

local ALL = "SELECT target, state, since, failures, probe_at, reason FROM breakers"

---@param target string
---@return perilune.store.Breaker|nil
function breakers:breaker(target)
  return self.reader:read { { ALL .. " WHERE target = ?", target } }[1][1]
end

---@return perilune.store.Breaker[]  by target
function breakers:breakers()
  local list = self.reader:read { { ALL .. " ORDER BY target" } }[1]
  list.changes = nil
  return list
end

local SET = [[INSERT INTO breakers (target, state, since, failures, probe_at, reason) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (target) DO UPDATE SET state = excluded.state, since = excluded.since, failures = excluded.failures,
    probe_at = excluded.probe_at, reason = excluded.reason]]

---@param target string
---@param facts { state: string, since: integer, failures: integer?, probe_at: integer?, reason: string? }
function breakers:set_breaker(target, facts)
  self.db:transact { { SET, target, facts.state, facts.since, facts.failures or 0, row.value(facts.probe_at),
    row.value(facts.reason) } }
end

return breakers
