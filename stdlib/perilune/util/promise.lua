--- Promises: one task finds something out, many wait for it. A promise is settled once, with values or an error.
local err = require "perilune.err"
local queue = require "perilune.util.queue"

---@class perilune.util.Promise
---@field private outcome table|nil            packed: true, values… or false, error
---@field private waiting perilune.util.Queue
local Promise = {}
Promise.__index = Promise

local promise = {}

---@return perilune.util.Promise
function promise.new()
  return setmetatable({ waiting = queue.new() }, Promise)
end

local function settle(self, ...)
  if self.outcome then return false end
  self.outcome = table.pack(...)
  while self.waiting:serve() do end
  return true
end

---@return boolean  whether it was not settled before
function Promise:resolve(...)
  return settle(self, true, ...)
end

---@param e any  raised in every task that awaits
---@return boolean  whether it was not settled before
function Promise:reject(e)
  return settle(self, false, err.wrap(e))
end

---@return boolean
function Promise:is_settled()
  return self.outcome ~= nil
end

--- Waits until the promise is settled.
---@return any ...  its values; raises its error
function Promise:await()
  if not self.outcome then self.waiting:wait() end
  if self.outcome[1] then return table.unpack(self.outcome, 2, self.outcome.n) end
  error(self.outcome[2], 0)
end

--- Single flight: while a call of fn runs, others wait for it and get what it gets; a call after that is a new one.
-- If the task that runs fn is cancelled, the next one runs it.
---@generic F: function
---@param fn F
---@return F  the arguments of the task that runs it count
function promise.single(fn)
  local flight
  return function(...)
    while flight do
      local joined = flight
      if not joined.outcome then joined.waiting:wait() end
      if not joined.abandoned then return joined:await() end
    end
    local own = promise.new()
    flight = own
    local outcome = table.pack(xpcall(fn, err.wrap, ...))
    flight = nil
    own.abandoned = not outcome[1] and (err.has(outcome[2], "task.cancelled") or
      err.has(outcome[2], "task.interrupted"))
    settle(own, table.unpack(outcome, 1, outcome.n))
    return own:await()
  end
end

return promise
