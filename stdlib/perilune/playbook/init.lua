--- Reads a playbook: a Lua file that declares resources and changes nothing.
---
--- env.lua gives the file its words; handle.lua and resource.lua make what it declares; bind.lua ties
--- it together at the end. The result is data for the planner.
local bind = require "perilune.playbook.bind"
local deferred = require "perilune.schema.deferred"
local env = require "perilune.playbook.env"
local err = require "perilune.err"
local failure = require "perilune.playbook.failure"
local handle = require "perilune.schema.handle"
local handles = require "perilune.playbook.handle"
local module = require "perilune.playbook.module"
local references = require "perilune.schema.references"
local session = require "perilune.playbook.session"
local var = require "perilune.playbook.var"

local playbook = { handle = handle, deferred = deferred, references = references }

---@class perilune.playbook.Declaration
---@field path string
---@field owner string|nil  of the `playbook` line
---@field owner_where perilune.Where|nil
---@field resources perilune.playbook.Resource[]  in the order of the file
---@field lookups perilune.playbook.Lookup[]  names that must exist, in the order of the file
---@field outputs table<string, any>
---@field output_names string[]  in the order of the file
---@field needs_server perilune.Where[]  lines that could not be read without a server
---@field stopped perilune.Where|nil  where reading ended for want of one

local function run(reading)
  local text = reading.options.text or module.read(reading.path)
  local environment
  reading.live = function(where, found) return handles.live(reading, where, found) end
  environment = env.new(reading, module.require(reading, function() return environment end))
  local function body() return module.compile(reading, reading.path, text, environment)() end
  local function handler(e) return failure.handler(reading, e) end
  return xpcall(body, handler)
end

--- Takes in what ended the reading early: a mistake of the playbook, or an error that is none.
local function settle(reading, e)
  if session.is_stop(e) then return end
  if session.is_final(e) or not err.is(e) or reading.failed_outside == e then error(e, 0) end
  reading.stopped = e.where or reading:here()
  reading:report(e)
end

local function declaration(reading)
  return {
    path = reading.path,
    owner = reading.owner,
    owner_where = reading.owner_where,
    resources = reading.resources,
    lookups = reading.lookups,
    outputs = reading.outputs,
    output_names = reading.output_names,
    needs_server = reading.needs_server,
    stopped = reading.stopped,
  }
end

--- Reads a playbook. May wait, where `options.resolve` does.
---
--- Raises one error: the only mistake of the file, or `playbook.mistakes` with all of them; or as it
--- is what `options.resolve` raised, or the cancellation of the task.
---@param path string
---@param options perilune.playbook.Options|nil
---@return perilune.playbook.Declaration
function playbook.load(path, options)
  local reading = session.new(path, options or {})
  local ok, e = run(reading)
  if not ok then settle(reading, e) end
  bind.finish(reading)
  if not reading.stopped then var.check_unknown(reading) end
  local problem = bind.error_of(reading)
  if problem then error(problem, 0) end
  return declaration(reading)
end

return playbook
