--- Holds what is to run against a target while that target is away.
---
--- closed: runs go. A run that cannot reach its target has it probed; is it away, the breaker opens.
--- open: nothing runs there; a probe now and then looks whether it is back.
--- trial: it answered twice; one run goes, and only when that reached it the breaker closes.
local err = require "perilune.err"
local scope = require "perilune.util.scope"
local task = require "perilune.c.task"

---@class perilune.serve.Breakers
---@field private all table<string, perilune.serve.Breaker>
local Breakers = {}
Breakers.__index = Breakers

---@class perilune.serve.Breaker
---@field target string
---@field state "closed"|"open"|"trial"
---@field since number  seconds since 1970
---@field failures integer  probes that failed, one after another
---@field good integer  probes that went well, one after another
---@field reason string?
---@field running integer?  the run that is the trial

local breaker = {}

local FIRST, LIMIT = 2, 60 -- seconds between probes
local GOOD = 2             -- probes in a row

--- The name of a hook's target.
---@param target string?
---@return string
function breaker.name(target)
  return target or "default"
end

---@class perilune.serve.BreakerOptions
---@field probe fun(target: string)  raises what is wrong
---@field log perilune.serve.Log
---@field save fun(b: perilune.serve.Breaker)
---@field on_change fun()
---@field pause (fun(seconds: number))?

---@param options perilune.serve.BreakerOptions
---@return perilune.serve.Breakers
function breaker.new(options)
  return setmetatable({
    all = {}, probe = options.probe, log = options.log, save = options.save, on_change = options.on_change,
    pause = options.pause or task.sleep,
  }, Breakers)
end

function Breakers:of(target)
  local name = breaker.name(target)
  if not self.all[name] then
    self.all[name] = { target = name, state = "closed", since = task.wall(), failures = 0, good = 0 }
  end
  return self.all[name]
end

---@return perilune.serve.Breaker[]  by name
function Breakers:list()
  local list = {}
  for _, b in pairs(self.all) do list[#list + 1] = b end
  table.sort(list, function(a, b) return a.target < b.target end)
  return list
end

--- Targets against which nothing may be started now.
---@return table<string, boolean>
function Breakers:closed()
  local names = {}
  for name, b in pairs(self.all) do
    if b.state == "open" or b.state == "trial" and b.running then names[name] = true end
  end
  return names
end

local function set(self, b, state, reason)
  b.state, b.since, b.reason, b.running = state, task.wall(), reason, nil
  self.log:warn("target " .. (state == "open" and "is away: what waits for it is held"
    or state == "trial" and "answers again: one run tries it" or "is back"), { target = b.target, reason = reason })
  self.save(b)
  self.on_change()
end

local function probe(self, b)
  local ok, e = xpcall(self.probe, err.wrap, b.target)
  if err.has(e, "task.cancelled") then error(e, 0) end
  if ok then
    b.good, b.failures = b.good + 1, 0
  else
    b.good, b.failures, b.reason = 0, b.failures + 1, e.message
  end
  return ok
end

--- Seconds until the next probe: longer each time, and a little at random.
local function pause_of(b)
  local seconds = b.good > 0 and FIRST or math.min(FIRST * 2.0 ^ math.min(b.failures, 20), LIMIT)
  return seconds * (0.75 + math.random() / 2)
end

-- Probes until it is back.
local function watch(self, b)
  b.is_watched = true
  local _ <close> = setmetatable({}, { __close = function() b.is_watched = false end })
  while b.good < GOOD do
    self.pause(pause_of(b))
    probe(self, b)
  end
  set(self, b, "trial")
end

local function open(self, b, reason)
  b.good, b.failures = 0, math.max(b.failures, 1)
  set(self, b, "open", reason)
  if not b.is_watched then self.watcher(function() watch(self, b) end) end
end

--- Probes run in a scope that lives as long as the server.
---@param spawn fun(fn: function)?
function Breakers:watch_with(spawn)
  self.watcher = spawn or scope.spawn
end

--- Takes up what was open when the server ended.
---@param saved { target: string, state: string, reason: string? }[]
function Breakers:restore(saved)
  for _, one in ipairs(saved) do
    if one.state ~= "closed" then open(self, self:of(one.target), one.reason) end
  end
end

--- A run begins.
function Breakers:begin(target, run)
  local b = self:of(target)
  if b.state == "trial" then b.running = run end
end

--- A run has ended that needed the target. Returns whether the target is away: the run then did not fail by itself.
---@param target string?
---@param run integer
---@param away boolean?  it could not be reached
---@param reason string?
---@return boolean
function Breakers:finish(target, run, away, reason)
  local b = self:of(target)
  if b.state == "trial" and b.running == run then
    if away then open(self, b, reason) else set(self, b, "closed") end
    return away or false
  elseif b.state ~= "closed" then
    return away or false
  elseif not away then
    return false
  end
  if probe(self, b) then return false end
  if b.state == "closed" then open(self, b, reason) end
  return true
end

return breaker
