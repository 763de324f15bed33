--- JSON, one object a line: what text says, for programs.
local err = require "perilune.err"
local json = require "perilune.c.json"
local plan_json = require "perilune.plan.json"

---@class perilune.cmd.JsonOutput: perilune.cmd.Output
local JsonOutput = {}
JsonOutput.__index = JsonOutput

local json_output = {}

---@param command string
---@param file file*?  stdout where none is given
---@return perilune.cmd.JsonOutput
function json_output.new(command, file)
  local self = setmetatable({ file = file or io.stdout }, JsonOutput)
  self:write(plan_json.version(command))
  return self
end

function JsonOutput:write(record)
  self.file:write(json.encode(record), "\n")
  self.file:flush()
end

function JsonOutput:plan(plan, options)
  for _, record in ipairs(plan_json.plan(plan, options.refusals or {})) do self:write(record) end
end

function JsonOutput:watch(plan, run)
  self:write { type = "run", run = run, steps = #plan.steps }
  return {
    interval = 60,
    listen = function(_, event) self:write(plan_json.event(plan, event)) end,
    draw = function() end,
    finish = function() end,
  }
end

function JsonOutput:applied(report)
  self:write(plan_json.applied(report))
end

function JsonOutput:stopped(result, report)
  self:write(plan_json.stopped(result, report))
end

function JsonOutput:unsettled(changes)
  self:write(plan_json.unsettled(changes))
end

function JsonOutput:valid(declaration)
  self:write(plan_json.valid(declaration))
end

function JsonOutput:values(outputs)
  for _, output in ipairs(outputs) do
    local value = plan_json.plain(output.value)
    self:write { type = "output", name = output.name, value = value, known = output.value ~= nil }
  end
end

function JsonOutput:target(target)
  self:write { type = "target", name = target.name, url = target.url, source = target.source.url }
end

function JsonOutput:request(what, seconds, status)
  self:write { type = "request", what = what, seconds = seconds, status = status }
end

function JsonOutput:waiting(e, seconds)
  self:write { type = "waiting", code = e.code, message = e.message, seconds = seconds }
end

function JsonOutput:notice(message)
  self:write { type = "notice", message = message }
end

function JsonOutput:stats(stats)
  self:write {
    type = "stats", requests = stats.requests, soap = stats.soap, rest = stats.rest, logins = stats.logins,
    handshakes = stats.handshakes, bytes_in = stats.bytes_in, bytes_out = stats.bytes_out,
  }
end

function JsonOutput:error(e)
  self:write(plan_json.error(err.wrap(e)))
end

--- Programs cannot be asked.
function JsonOutput:ask()
  return nil
end

return json_output
