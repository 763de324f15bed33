--- What a run's process is told, on its standard input: one JSON object.
---
--- Everything a run needs is in it, so that nothing of a delivery is in a command line or an environment.
local base64 = require "perilune.util.base64"
local budget = require "perilune.serve.budget"
local err = require "perilune.err"
local events = require "perilune.serve.event"
local json = require "perilune.c.json"
local recipe = require "perilune.util.recipe"
local secret = require "perilune.util.secret"

local job = {}

--- Counts changes of the format: a server replaced while it runs starts another program than itself.
job.FORMAT = 1

---@class perilune.serve.Job
---@field format integer
---@field run integer
---@field hook string
---@field kind "apply"|"plan"|"function"
---@field hooks string  path of hooks.lua
---@field directory string  of hooks.lua: targets.lua is beside it, never in what git gave
---@field file string?  of the playbook
---@field target string?
---@field vars table<string, any>?
---@field allow string[]
---@field plan_digest string?  the plan must be this one: it was approved
---@field delivery table  what the event is made of; its body in base64
---@field parent integer  process id of the server
---@field memory integer  bytes of address space
---@field cpu integer  seconds
---@field trace string?  traceparent

local function refuse(hook, message, hint)
  message = ("hook %q: %s"):format(hook.name, message)
  err.raise { code = "serve.hook", where = hook.where, message = message, hint = hint }
end

--- Secrets go to the run's process as text, over the pipe.
local function revealed(value)
  if recipe.is(value) then value = recipe.cook(value) end
  if secret.is(value) then return secret.reveal(value) end
  if type(value) ~= "table" or value == json.null then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = revealed(item) end
  return copy
end

--- The variables that a hook gives its playbook. Their types are checked by the playbook's `var` lines.
---@param hook perilune.serve.Hook
---@param event perilune.serve.Event
---@return table<string, any>
function job.vars(hook, event)
  local vars = hook.vars
  if type(vars) == "function" then vars = budget.call(("vars of hook %q"):format(hook.name), vars, event) end
  if vars == nil then return {} end
  if type(vars) ~= "table" then refuse(hook, "vars gave no table", "write return { count = event.body.count }") end
  for name, value in pairs(vars) do
    if type(name) ~= "string" then refuse(hook, "vars wants names: { count = 3 }") end
    local kind = type(value)
    if kind == "function" or kind == "userdata" and value ~= json.null then
      refuse(hook, ("vars: %s cannot be a %s"):format(name, kind))
    end
  end
  return revealed(vars)
end

--- The commit or branch that a hook's `source` names for an event.
---@param hook perilune.serve.Hook
---@param event perilune.serve.Event
---@return string
function job.ref(hook, event)
  local ref = hook.source.ref
  if type(ref) == "function" then ref = budget.call(("ref of hook %q"):format(hook.name), ref, event) end
  if type(ref) ~= "string" or ref == "" then refuse(hook, "source: ref gave no text") end
  return ref
end

--- Whole seconds and bytes, as the system takes them.
local function whole(number)
  return math.ceil(number) // 1 | 0
end

-- Named as hooks.lua names it where it lies beside that: places in messages are short then.
local function playbook_of(config, hook, directory)
  return directory == config.directory and hook.run or directory .. "/" .. hook.run
end

--- The job of a run.
---@param config perilune.serve.Config
---@param hook perilune.serve.Hook
---@param run perilune.store.Run
---@param delivery table
---@param more { parent: integer, directory: string }
---@return perilune.serve.Job
function job.of(config, hook, run, delivery, more)
  local is_playbook = type(hook.run) == "string"
  return {
    format = job.FORMAT, run = run.id, hook = hook.name, hooks = config.name, directory = config.directory,
    kind = is_playbook and (hook.approve and not run.approved_by and "plan" or "apply") or "function",
    file = is_playbook and playbook_of(config, hook, more.directory) or nil, target = hook.target,
    vars = is_playbook and job.vars(hook, events.of(delivery)) or nil, allow = json.array(hook.allow),
    plan_digest = run.approved_by and run.plan_digest or nil,
    delivery = {
      hook = delivery.hook, event = delivery.event, delivery_id = delivery.delivery_id, headers = delivery.headers,
      body = base64.encode(delivery.body), peer = delivery.peer, at = delivery.at, who = delivery.who,
    },
    parent = more.parent, memory = whole(hook.memory), cpu = whole(hook.cpu), trace = run.trace,
  }
end

return job
