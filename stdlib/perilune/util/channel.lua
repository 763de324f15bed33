--- Channels: values handed from task to task, in order, at most so many on their way.
local err = require "perilune.err"
local queue = require "perilune.util.queue"

---@class perilune.util.Channel
---@field private capacity integer
---@field private first integer                  of the values on their way
---@field private last integer
---@field private closed boolean
---@field private readers perilune.util.Queue
---@field private writers perilune.util.Queue    their items are values not yet on their way
local Channel = {}
Channel.__index = Channel

local channel = {}

local CLOSED = {} -- what readers and writers are served at the end

---@param capacity? integer  values sent and not yet received; 1 by default
---@return perilune.util.Channel
function channel.new(capacity)
  capacity = capacity or 1
  if math.type(capacity) ~= "integer" or capacity < 1 then error("a channel needs room for a value", 2) end
  return setmetatable({
    capacity = capacity, first = 1, last = 0, closed = false, readers = queue.new(), writers = queue.new(),
  }, Channel)
end

local function put(self, value)
  self.last = self.last + 1
  self[self.last] = value
end

--- What a reader was handed and cannot take goes to the next, or back to the front.
local function put_back(self, value)
  if value == CLOSED or self.readers:serve(value) then return end
  self.first = self.first - 1
  self[self.first] = value
end

local function refuse()
  err.raise { code = "argument", message = "the channel is closed" }
end

--- Sends a value, not nil; waits while there is no room.
---@param value any
function Channel:send(value)
  if value == nil then error("nil cannot be sent", 2) end
  if self.closed then refuse() end
  if self.readers:serve(value) then return end
  if self.last - self.first + 1 < self.capacity then
    put(self, value)
  elseif self.writers:wait(value) == CLOSED then
    refuse()
  end
end

--- Receives a value; waits until there is one.
---@return any|nil value  nil when the channel was closed and is empty
function Channel:receive()
  if self.first > self.last then
    if self.closed then return nil end
    local value = self.readers:wait(nil, function(lost) put_back(self, lost) end)
    if value == CLOSED then return nil end
    return value
  end
  local value = self[self.first]
  self[self.first] = nil
  self.first = self.first + 1
  local writer = self.writers:serve()
  if writer then put(self, writer.item) end
  return value
end

--- Ends the channel: what was sent can still be received, tasks that wait to send are refused.
function Channel:close()
  if self.closed then return end
  self.closed = true
  while self.readers:serve(CLOSED) do end
  while self.writers:serve(CLOSED) do end
end

--- for value in channel:each() do … end, until the channel is closed and empty
function Channel:each()
  return self.receive, self
end

return channel
