--- JSON, one object a line, all on stdout: what text says, for programs.
local err = require "perilune.err"
local json = require "perilune.c.json"
local plan_json = require "perilune.plan.json"

---@class perilune.cmd.JsonOutput: perilune.cmd.Output
local JsonOutput = {}
JsonOutput.__index = JsonOutput

local json_output = {}

local function write(record)
  io.stdout:write(json.encode(record), "\n")
  io.stdout:flush()
end

---@param command string
---@return perilune.cmd.JsonOutput
function json_output.new(command)
  local self = setmetatable({}, JsonOutput)
  write(plan_json.version(command))
  return self
end

function JsonOutput:plan(plan, options)
  for _, record in ipairs(plan_json.plan(plan, options.refusals or {})) do write(record) end
end

function JsonOutput:watch(plan, run)
  write { type = "run", run = run, steps = #plan.steps }
  return {
    interval = 60,
    listen = function(_, event) write(plan_json.event(plan, event)) end,
    draw = function() end,
    finish = function() end,
  }
end

function JsonOutput:applied(report)
  write(plan_json.applied(report))
end

function JsonOutput:stopped(result, report)
  write(plan_json.stopped(result, report))
end

function JsonOutput:unsettled(changes)
  write(plan_json.unsettled(changes))
end

function JsonOutput:valid(declaration)
  write(plan_json.valid(declaration))
end

function JsonOutput:values(outputs)
  for _, output in ipairs(outputs) do
    write { type = "output", name = output.name, value = plan_json.plain(output.value), known = output.value ~= nil }
  end
end

function JsonOutput:target(target)
  write { type = "target", name = target.name, url = target.url, source = target.source.url }
end

function JsonOutput:request(what, seconds, status)
  write { type = "request", what = what, seconds = seconds, status = status }
end

function JsonOutput:waiting(e, seconds)
  write { type = "waiting", code = e.code, message = e.message, seconds = seconds }
end

function JsonOutput:notice(message)
  write { type = "notice", message = message }
end

function JsonOutput:stats(stats)
  write {
    type = "stats", requests = stats.requests, soap = stats.soap, rest = stats.rest, logins = stats.logins,
    handshakes = stats.handshakes, bytes_in = stats.bytes_in, bytes_out = stats.bytes_out,
  }
end

function JsonOutput:error(e)
  write(plan_json.error(err.wrap(e)))
end

--- Programs cannot be asked.
function JsonOutput:ask()
  return nil
end

return json_output
