--- How far a reader of events has come: what to ask for next, and which of that it has had.
---
--- Servers select events by time, and events come late: with the time of a moment ago, or the same time as
--- another, and not in the order of their keys. So a reader that begins again asks for what happened from a while
--- before the newest event it had, and leaves out what it knows by its key. Times and keys go into one short text,
--- which can be saved.
local err = require "perilune.err"
local time = require "perilune.c.time"

local position = {}

local OVERLAP = 120  -- seconds before the newest event from which all is asked for again
local REMEMBERED = 2000 -- keys at most

---@class perilune.vim.Position
---@field private since userdata?  no event before it is wanted
---@field private newest userdata?  time of the newest event that was had
---@field private floor integer  keys up to it were had, as far as their events are not newer than the newest
---@field private had table<integer, userdata|true>  key → time of the event; true where it is not known any more
---@field private order integer[]  the keys as they came, from first to last
local Position = {}
Position.__index = Position

--- The beginning: everything since a time, or all there is.
---@param since userdata?
---@return perilune.vim.Position
function position.new(since)
  return setmetatable({ since = since, floor = 0, had = {}, order = {}, first = 1, last = 0 }, Position)
end

--- Whether an event was not had yet.
---@param event table
---@return boolean
function Position:accepts(event)
  local known = self.had[event.key]
  if known ~= nil then
    return known ~= true and known ~= event.createdTime
  end
  return event.key > self.floor or self.newest == nil or event.createdTime > self.newest
end

local function remember(self, key, at)
  self.had[key] = at
  self.last = self.last + 1
  self.order[self.last] = key
end

local function forget(self)
  local key = self.order[self.first]
  self.order[self.first] = nil
  self.first = self.first + 1
  self.had[key] = nil
  self.floor = math.max(self.floor, key)
end

local function is_old(self)
  local at = self.first <= self.last and self.had[self.order[self.first]] or true
  return at ~= true and self.newest - at > OVERLAP
end

--- Notes that an event was had.
---@param event table
function Position:note(event)
  if self.newest == nil or event.createdTime > self.newest then
    self.newest = event.createdTime
  end
  remember(self, event.key, event.createdTime)
  while self.last - self.first >= REMEMBERED or is_old(self) do
    forget(self)
  end
end

--- From when on events are to be asked for; nil for all.
---@return userdata?
function Position:begins()
  local from = self.newest and self.newest - OVERLAP
  if from and self.since and from < self.since then
    return self.since
  end
  return from or self.since
end

-- As text -----------------------------------------------------------------------------------------------------

local function ranges(had)
  local keys = {}
  for key in pairs(had) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  local parts, i = {}, 1
  while i <= #keys do
    local last = i
    while keys[last + 1] == keys[last] + 1 do
      last = last + 1
    end
    parts[#parts + 1] = last > i and ("%d-%d"):format(keys[i], keys[last]) or ("%d"):format(keys[i])
    i = last + 1
  end
  return table.concat(parts, ",")
end

function Position:__tostring()
  return ("1 %s %s %d %s"):format(tostring(self.since or "-"), tostring(self.newest or "-"), self.floor,
    ranges(self.had))
end

local function note_range(self, first, last)
  for key = first, math.min(last, first + REMEMBERED) do
    remember(self, key, true)
  end
end

local function time_of(text)
  if text ~= "-" then
    return time.parse(text)
  end
end

local function read(text)
  local since, newest, floor, list = text:match "^1 (%S+) (%S+) (%d+) ([%d,-]*)$"
  local self = position.new(time_of(since))
  self.newest, self.floor = time_of(newest), math.tointeger(tonumber(floor))
  for first, last in list:gmatch "(%d+)%-?(%d*)" do
    local from = math.tointeger(tonumber(first))
    note_range(self, from, math.tointeger(tonumber(last)) or from)
  end
  return self
end

--- A position that was saved.
---@param text string
---@return perilune.vim.Position
function position.parse(text)
  local ok, self = pcall(read, text)
  if not ok then
    err.raise {
      code = "argument",
      message = ("%q is no saved position of events"):format(tostring(text):sub(1, 60)),
      hint = "give what `position` of an iterator of events was",
    }
  end
  return self
end

return position
