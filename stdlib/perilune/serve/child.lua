--- The process of one run: started, fed its job, listened to, and ended when it must be.
---
--- What it prints is its log; on descriptor 3 it writes records, JSON objects, one a line.
local json = require "perilune.c.json"
local lines = require "perilune.util.lines"
local process = require "perilune.c.process"
local scope = require "perilune.util.scope"
local task = require "perilune.c.task"

---@class perilune.serve.Child
---@field pid integer
---@field started string
---@field private process userdata
---@field private reason string?
---@field private by string?
local Child = {}
Child.__index = Child

local child = {}

--- Seconds from the request to end until the process is killed.
child.GRACE = 30

local LINE_MAX = 1 << 20 -- bytes of a record; a longer one is lost

--- Starts a process for a job.
---@param job perilune.serve.Job
---@return perilune.serve.Child
function child.start(job)
  local started = process.spawn {
    argv = { process.program(), "job" }, stdin = json.encode(job), cwd = job.directory, records = true,
  }
  return setmetatable({ process = started, pid = started.pid, started = started.started }, Child)
end

local function take(records, line, on_record)
  local ok, record = pcall(json.decode, line)
  if not ok or type(record) ~= "table" or type(record.type) ~= "string" then return end
  records[record.type] = record
  on_record(record)
end

local function record_reader(on_record)
  local reader, records = lines.new(LINE_MAX), {}
  return function(bytes)
    for _, line in ipairs(reader:add(bytes)) do take(records, line, on_record) end
  end, records
end

--- Reads until the process has ended.
---@param on_output fun(stream: "stdout"|"stderr", bytes: string)  may wait
---@param on_record fun(record: table)
---@return perilune.serve.Ended
function Child:finish(on_output, on_record)
  local add, records = record_reader(on_record)
  while true do
    local stream, bytes = self.process:read()
    if not stream then break end
    if stream == "records" then add(bytes) else on_output(stream, bytes) end
  end
  local status, signal = self.process:wait()
  self.has_ended = true
  return { status = status, signal = signal, reason = self.reason, by = self.by, records = records }
end

--- Asks the process to end; kills it when it does not. Does not wait.
---@param reason "timeout"|"cancelled"|"drained"
---@param by string?
function Child:stop(reason, by)
  if self.reason or self.has_ended then return end
  self.reason, self.by = reason, by
  self.process:kill "TERM"
end

--- Kills a process that was asked to end and did not.
function Child:kill()
  if not self.has_ended then self.process:kill "KILL" end
end

--- Ends it after some seconds: first with a request, then for good. To be run in a task of its own.
---@param seconds number
function Child:limit(seconds)
  task.sleep(seconds)
  self:stop "timeout"
  task.sleep(child.GRACE)
  self:kill()
end

--- Finishes within a time.
---@param seconds number
---@param on_output fun(stream: string, bytes: string)
---@param on_record fun(record: table)
---@return perilune.serve.Ended
function Child:finish_within(seconds, on_output, on_record)
  return scope.scope(function()
    local watch = scope.spawn(self.limit, self, seconds)
    local ended = self:finish(on_output, on_record)
    watch:cancel()
    return ended
  end)
end

Child.__close = function(self) self:kill() end

return child
