--- The server's own log: one JSON object a line, with what it is about: delivery, hook, run.
local json = require "perilune.c.json"
local plain = require("perilune.plan.json").plain
local task = require "perilune.c.task"

---@class perilune.serve.Log
---@field private write fun(line: string)
---@field private fields table
local Log = {}
Log.__index = Log

local log = {}

---@param write fun(line: string)?  takes a line with its end; stderr where none is given
---@return perilune.serve.Log
function log.new(write)
  return setmetatable({ write = write or function(line) io.stderr:write(line) end, fields = {} }, Log)
end

local function stamp()
  local now = task.wall()
  local micros = math.floor(now * 1000000)
  return ("%s.%06dZ"):format(os.date("!%Y-%m-%dT%H:%M:%S", micros // 1000000), micros % 1000000)
end

--- A log whose lines have these fields, too.
---@param fields table
---@return perilune.serve.Log
function Log:with(fields)
  local all = setmetatable({}, { __index = self.fields })
  for name, value in pairs(self.fields) do all[name] = value end
  for name, value in pairs(fields) do all[name] = value end
  return setmetatable({ write = self.write, fields = all }, Log)
end

local function put(self, level, message, fields)
  local line = { time = stamp(), level = level, message = message }
  for name, value in pairs(self.fields) do line[name] = plain(value) end
  for name, value in pairs(fields or {}) do line[name] = plain(value) end
  self.write(json.encode(line) .. "\n")
end

---@param message string
---@param fields table?
function Log:info(message, fields) put(self, "info", message, fields) end

---@param message string
---@param fields table?
function Log:warn(message, fields) put(self, "warn", message, fields) end

---@param message string
---@param fields table?
function Log:error(message, fields) put(self, "error", message, fields) end

return log
