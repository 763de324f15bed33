--- Semaphores: so many at once, in the order of asking.
local queue = require "perilune.util.queue"

---@class perilune.util.Semaphore
---@field private free integer                   permits that nobody has
---@field private waiting perilune.util.Queue
local Semaphore = {}
Semaphore.__index = Semaphore

local semaphore = {}

---@param count integer  how many permits there are
---@return perilune.util.Semaphore
function semaphore.new(count)
  if math.type(count) ~= "integer" or count < 0 then error("a semaphore needs a count of permits", 2) end
  return setmetatable({ free = count, waiting = queue.new() }, Semaphore)
end

--- Takes a permit; waits until there is one. Raises when the task is cancelled, and then has none.
function Semaphore:acquire()
  if self.free > 0 then
    self.free = self.free - 1
  else
    self.waiting:wait(nil, function() self:release() end)
  end
end

--- Gives a permit back: to who asked first, if somebody waits.
function Semaphore:release()
  if not self.waiting:serve() then self.free = self.free + 1 end
end

local Held = { __close = function(held) held.home:release() end }

--- Calls fn(…) while it holds a permit.
---@param fn function
---@return any ...  its results
function Semaphore:with(fn, ...)
  self:acquire()
  local held <close> = setmetatable({ home = self }, Held) -- luacheck: ignore 211 (its end is what matters)
  return fn(...)
end

return semaphore
