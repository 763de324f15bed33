--- Structured concurrency: a task lives inside a scope, and a scope ends when all in it has ended.
--
-- The first error of a child cancels its siblings and the task that opened the scope, where it is raised when all have
-- ended. Cancelling a task ends the scopes it has open. Cancelled tasks unwind: their <close> handlers run
-- and may wait. So nothing runs on after its scope, and no error is lost: what fails besides the first is
-- in its `also`.
local err = require "perilune.err"
local task = require "perilune.c.task"

local scope = {}

---@class perilune.util.Scope
---@field owner userdata                        the task that opened it
---@field outer perilune.util.Scope|nil         the scope around it
---@field children table<userdata, string>      "running" or "cancelled"
---@field count integer                         of children
---@field values table|nil                      what `scope.with` says here
---@field failure any                           the first error of a child
---@field is_ending boolean                     no child is to run on
---@field is_draining boolean                   the owner waits for the children
local Scope = {}
Scope.__index = Scope

local function cancellation(cause)
  return err.new { code = "task.cancelled", message = "cancelled", cause = cause }
end

function Scope:cancel(child, cause)
  if self.children[child] ~= "running" then return end
  self.children[child] = "cancelled"
  child:cancel(cancellation(cause))
end

--- Ends the scope early: cancels all children, once.
function Scope:cancel_children(cause)
  if self.is_ending then return end
  self.is_ending = true
  for child in pairs(self.children) do self:cancel(child, cause) end
end

--- A child failed: the first error ends the scope, the others go with it.
function Scope:fail(e)
  if self.failure then
    err.also(self.failure, e)
    return
  end
  self.failure = e
  if self.is_ending then return end -- the owner is on its way out already
  self:cancel_children(e)
  self.owner:cancel(e, true) -- gives way to a cancellation from outside; the failure is kept here
end

--- A child ended as it was told to; what failed on its way out is not forgotten.
function Scope:obeyed(e)
  for _, other in ipairs(e.also or {}) do self:fail(other) end
end

--- What runs at the end of every child.
function Scope:ended(child, ok, e)
  local was_cancelled = self.children[child] == "cancelled"
  self.children[child] = nil
  self.count = self.count - 1
  if not ok and was_cancelled and err.has(e, "task.cancelled") then
    self:obeyed(e)
  elseif not ok then
    self:fail(err.wrap(e))
  end
  if self.count == 0 and self.is_draining then self.owner:wake() end
end

--- Waits until no child is left. Returns the cancellation if the owner is cancelled from outside meanwhile.
function Scope:drain()
  local interruption
  self.is_draining = true
  while self.count > 0 do
    local ok, e = pcall(task.park)
    if not ok then
      if e ~= self.failure then interruption = interruption or e end
      self:cancel_children(e)
    end
  end
  self.is_ending = true -- nothing is spawned into it any more
  return interruption
end

--- One error of all that came, the first that is not nil; the others go with it.
local function merge(...)
  local first
  for i = 1, select("#", ...) do
    local e = select(i, ...)
    if first == nil then
      first = e
    elseif e ~= nil and e ~= first then
      first = err.also(err.wrap(first), e)
    end
  end
  return first
end

--- The end of the scope: e is the error that unwinds its owner, if any. A cancellation of the owner comes before all
--- others: who catches those must not be able to run on.
function Scope:__close(e)
  if e ~= nil then self:cancel_children(e) end
  local interruption = self:drain()
  self.owner:context(self.outer)
  local raised = merge(interruption, e, self.failure)
  if raised ~= e then error(raised, 0) end
end

--- Starts a task that calls fn(…) in the scope.
function Scope:start(fn, ...)
  if self.is_ending then error(cancellation(self.failure), 0) end
  local child = task.spawn(fn, ...)
  child:context(self)
  child:on_end(self.on_end)
  self.children[child] = "running"
  self.count = self.count + 1
  return child
end

local function open()
  local owner = task.current()
  if not owner then
    err.raise { code = "task.not_yieldable", message = "only a task can open a scope, not a coroutine of its own" }
  end
  local self = setmetatable({ owner = owner, outer = owner:context(), children = {}, count = 0 }, Scope)
  self.on_end = function(...) self:ended(...) end
  owner:context(self)
  return self
end

--- Calls fn(…) and returns its results, when all tasks spawned meanwhile have ended.
---@param fn function
---@return any ...
function scope.scope(fn, ...)
  local self <close> = open() -- luacheck: ignore 211 (its end is what matters)
  return fn(...)
end

---@class perilune.util.Handle  a spawned task
---@field private child userdata
---@field private home perilune.util.Scope
local Handle = {}
Handle.__index = Handle

local function results(ok, ...)
  if ok then return ... end
  error(..., 0)
end

--- Waits until the task has ended.
---@return any ...  its results; raises its error
function Handle:join()
  return results(self.child:join())
end

--- Cancels the task; that it then ends is no failure of its scope.
function Handle:cancel()
  self.home:cancel(self.child)
end

---@return "ready"|"waiting"|"done"
function Handle:status()
  return self.child:status()
end

--- Starts a task that calls fn(…) in the current scope, which will wait for it.
---@param fn function
---@return perilune.util.Handle
function scope.spawn(fn, ...)
  local owner = task.current()
  local home = owner and owner:context()
  if not home then err.raise { code = "argument", message = "spawn: there is no scope here" } end
  return setmetatable({ child = home:start(fn, ...), home = home }, Handle)
end

--- Calls fn(…) in a scope of its own, in which `scope.value(name)` is value: for fn and all tasks spawned below it.
---@param name string
---@param value any
---@param fn function
---@return any ...
function scope.with(name, value, fn, ...)
  local self <close> = open()
  self.values = { [name] = value }
  return fn(...)
end

--- What the innermost `scope.with` around the caller says of a name; nil when none does.
---@param name string
---@return any
function scope.value(name)
  local owner = task.current()
  local at = owner and owner:context()
  while at do
    if at.values and at.values[name] ~= nil then return at.values[name] end
    at = at.outer
  end
end

--- Calls fn(item, index) for each item, in up to limit tasks at once.
---@generic T, R
---@param limit integer
---@param list T[]
---@param fn fun(item: T, index: integer): R
---@return R[] results  in the order of the list
function scope.parallel(limit, list, fn)
  if math.type(limit) ~= "integer" or limit < 1 then
    err.raise { code = "argument", message = "parallel: how many at once? A positive integer is needed" }
  end
  local outcome, taken, self <close> = {}, 0, open()
  local function work()
    while taken < #list do
      taken = taken + 1
      local index = taken
      outcome[index] = fn(list[index], index)
    end
  end
  for _ = 1, math.min(limit, #list) do self:start(work) end
  return outcome
end

--- Calls all functions at once.
---@param fns (fun(): any)[]
---@return any[] results  the first result of each, in order
function scope.all(fns)
  return scope.parallel(math.max(#fns, 1), fns, function(fn) return fn() end)
end

--- Calls all functions at once. The first that ends, with results or with an error, decides; the others are cancelled.
---@param fns (fun(): any)[]
---@return any ...  results of the first
function scope.race(fns)
  if #fns == 0 then err.raise { code = "argument", message = "race: nobody runs" } end
  local winner, self <close> = nil, open()
  local function run(fn)
    local outcome = table.pack(fn())
    winner = winner or outcome
    self.owner:wake()
  end
  for _, fn in ipairs(fns) do self:start(run, fn) end
  while not winner do task.park() end
  self:cancel_children()
  return table.unpack(winner, 1, winner.n)
end

--- Calls fn(…), for some seconds at most; then it is cancelled.
---@param seconds number
---@param fn function
---@return any ...  its results; raises `task.timeout` when time ran out
function scope.timeout(seconds, fn, ...)
  local self <close> = open()
  local outcome = table.pack(self:start(fn, ...):join(seconds))
  if outcome[1] == nil then
    err.raise { code = "task.timeout", message = ("it took longer than %g s"):format(seconds) }
  end
  return results(table.unpack(outcome, 1, outcome.n))
end

--- Calls fn(…) in a task of its own, which a cancellation of the caller does not reach: for what must not be left half
--- done, as a logout. It should end soon: scope.shield(scope.timeout, seconds, fn).
---@param fn function
---@return any ...  its results; raises its error, or the cancellation that came meanwhile
function scope.shield(fn, ...)
  local child = task.spawn(scope.scope, fn, ...)
  local interruption, outcome
  repeat
    outcome = table.pack(pcall(child.join, child))
    if not outcome[1] then
      if err.has(outcome[2], "task.not_yieldable") then error(outcome[2], 0) end
      interruption = interruption or outcome[2]
    end
  until outcome[1]
  if interruption == nil then return results(table.unpack(outcome, 2, outcome.n)) end
  error(merge(interruption, not outcome[2] and outcome[3] or nil), 0)
end

return scope
