--- Tasks that outlive the line that started them: `spawn`, `on_progress`, watches in loops of their own.
---
--- It stands where a scope does (perilune.util.scope), but one task that fails ends no other one: its error is told,
--- unless somebody waits for the task and is told by that.
local err = require "perilune.err"
local scope = require "perilune.util.scope"
local task = require "perilune.c.task"

---@class perilune.shell.Background
---@field private children table<userdata, { number: integer, joiners: integer }>
---@field private tell fun(e: perilune.Error, number: integer)
---@field count integer  of those that run
local Background = {}
Background.__index = Background

local background = {}

---@param tell fun(e: perilune.Error, number: integer)  told of the error of a task; must not wait
---@return perilune.shell.Background
function background.new(tell)
  return setmetatable({ children = {}, tell = tell, count = 0, number = 0 }, Background)
end

function Background:ended(child, ok, e)
  local known = self.children[child]
  self.children[child] = nil
  self.count = self.count - 1
  if ok or known.joiners > 0 or known.is_cancelled and err.has(e, "task.cancelled") then return end
  self.tell(err.wrap(e), known.number)
end

--- As a scope's: starts a task that calls fn(…).
---@return userdata
function Background:start(fn, ...)
  local child = task.spawn(fn, ...)
  self.number = self.number + 1
  self.children[child] = { number = self.number, joiners = 0 }
  self.count = self.count + 1
  child:context(self)
  child:on_end(function(...) self:ended(...) end)
  return child
end

--- As a scope's.
function Background:cancel(child)
  local known = self.children[child]
  if not known or known.is_cancelled then return end
  known.is_cancelled = true
  child:cancel(err.new { code = "task.cancelled", message = "cancelled" })
end

--- Waits until all have ended, also those that they start.
function Background:drain()
  local child = next(self.children)
  while child do
    child:join()
    child = next(self.children)
  end
end

--- Ends all, and waits until they have ended.
function Background:close()
  local children = {}
  for child in pairs(self.children) do children[#children + 1] = child end
  for _, child in ipairs(children) do self:cancel(child) end
  for _, child in ipairs(children) do child:join() end
end

---@class perilune.shell.Job  what `spawn` gives at the prompt
---@field number integer
local Job = {}
Job.__index = Job

--- Waits until the task has ended; its results, or its error.
function Job:join()
  local known = self.home.children[self.child]
  if known then known.joiners = known.joiners + 1 end
  local _ <close> = setmetatable({}, { __close = function()
    if known then known.joiners = known.joiners - 1 end
  end })
  return self.handle:join()
end

function Job:cancel() self.handle:cancel() end

function Job:status() return self.handle:status() end

function Job:__tostring()
  return ("task %d, %s"):format(self.number, self:status())
end

--- The word `spawn`: as that of scripts, but the task goes on behind the prompt.
---@return fun(fn: function, ...): perilune.shell.Job
function Background:word()
  return function(fn, ...)
    local handle = scope.spawn(fn, ...)
    local known = self.children[handle.child]
    local job = { handle = handle, child = handle.child, home = self, number = known and known.number or 0 }
    return setmetatable(job, Job)
  end
end

return background
