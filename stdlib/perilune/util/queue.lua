--- Queues of waiting tasks, served in the order in which they came. Semaphores and channels stand on it.
local task = require "perilune.c.task"

---@class perilune.util.Ticket
---@field task userdata        who waits
---@field item any             what it brought
---@field served boolean|nil
---@field value any            what it was served
local Ticket = {}

---@class perilune.util.Queue
---@field private first integer  number of the first ticket, or of a gap before it
---@field private last integer
---@field [integer] perilune.util.Ticket
local Queue = {}
Queue.__index = Queue

local queue = {}

---@return perilune.util.Queue
function queue.new()
  return setmetatable({ first = 1, last = 0 }, Queue)
end

--- Who is cancelled leaves; what it was served just before, and now cannot use, goes back.
function Ticket:__close(e)
  if e == nil then return end
  self.home[self.number] = nil
  if self.served and self.lost then self.lost(self.value) end
end

--- Waits at the end of the queue until served.
---@param item? any
---@param lost? fun(value: any)  called with the value if the task was served and cancelled at once
---@return any value
function Queue:wait(item, lost)
  self.last = self.last + 1
  local ticket <close> = setmetatable({
    home = self, number = self.last, task = task.current(), item = item, lost = lost,
  }, Ticket)
  self[self.last] = ticket
  while not ticket.served do task.park() end
  return ticket.value
end

--- Serves the first task of the queue.
---@param value? any  what its wait returns
---@return perilune.util.Ticket|nil  nil when nobody waits
function Queue:serve(value)
  while self.first <= self.last do
    local ticket = self[self.first]
    self[self.first] = nil
    self.first = self.first + 1
    if ticket then
      ticket.served, ticket.value = true, value
      ticket.task:wake()
      return ticket
    end
  end
end

return queue
