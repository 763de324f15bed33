--- An object that tasks wait for: updates.lua brings the news, here is who waits and until when.
---
--- What news means is the business of the kinds of watched objects (task.lua, power.lua): `see(changes)`
--- takes a report, `is_ended()` tells whether nothing more will be reported.
local err = require "perilune.err"
local task = require "perilune.c.task"

---@class perilune.vim.Watched
---@field ref userdata
---@field connection perilune.vim.Connection
---@field failure perilune.Error?  why there is no more news
---@field see fun(self: perilune.vim.Watched, changes: { name: string, val: any }[])
---@field is_ended fun(self: perilune.vim.Watched): boolean
---@field private waiting table<userdata, boolean>
local Watched = {}
Watched.__index = Watched

local watched = {}

--- A class of watched objects.
---@return table
function watched.class()
  local class = setmetatable({}, Watched)
  class.__index = class
  return class
end

--- Makes fields (ref and connection among them) an object of a class.
---@param class table
---@param fields table
---@return perilune.vim.Watched
function watched.new(class, fields)
  fields.waiting = {}
  return setmetatable(fields, class)
end

--- Wakes all that wait: something has changed.
function Watched:news()
  for waiter in pairs(self.waiting) do
    waiter:wake()
  end
end

--- There will be no news, for a reason.
---@param e perilune.Error
function Watched:fail(e)
  if not self:is_ended() then
    self.failure = e
    self:news()
  end
end

--- The server no longer knows the object.
function Watched:vanish()
  self:fail(err.new {
    code = "vim.not_found",
    message = ("%s is gone, so what became of it is unknown"):format(tostring(self.ref)),
    hint = "look at the object itself",
  })
end

---@return boolean  whether there will be no more news
function Watched:is_settled()
  return self:is_ended() or self.failure ~= nil
end

--- Notes that a task waits, until the value is closed.
local function hold(self)
  local waiter = task.current()
  self.failure = nil
  self.connection.updates:hold(self)
  self.waiting[waiter] = true
  return setmetatable({}, { __close = function() self.waiting[waiter] = nil end })
end

--- Waits until the object is settled; calls seen() at every report.
---@param seconds number?
---@param seen fun()?
---@return boolean  false when the time ran out
function Watched:follow(seconds, seen)
  if self:is_ended() then
    return true
  end
  local deadline = seconds and task.now() + seconds
  local holding <close> = hold(self) -- luacheck: ignore 211
  while not self:is_settled() do
    if not task.park(deadline and math.max(deadline - task.now(), 0)) then
      return self:is_settled()
    end
    if seen then
      seen()
    end
  end
  return true
end

return watched
