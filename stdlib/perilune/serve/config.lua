--- Reads hooks.lua: where to listen, what hooks there are, who may call them and what they run.
---
--- The file is read twice: by the server, and by the process of each run that is a function of it
--- (`config.load` with `run_words`). In the server the words that reach vSphere are there, but refuse.
local auth = require "perilune.serve.auth"
local err = require "perilune.err"
local json = require "perilune.c.json"
local recipe = require "perilune.util.recipe"
local rules = require "perilune.serve.rules"
local settings = require "perilune.util.settings"

local config = {}

---@class perilune.serve.Config
---@field path string
---@field directory string  where the file is: playbooks lie beside it
---@field name string  of the file in its directory
---@field listen { address: string, port: integer }[]  empty: what systemd passed, or LISTEN_DEFAULT
---@field tls table?  cert, key, client_ca, client
---@field hooks perilune.serve.Hook[]  in the order of the file, and by name
---@field limits perilune.serve.Limits
---@field pages table?  users and their sign-in; nil: there are no pages
---@field metrics table?
---@field telemetry table?
---@field public_url string?  how others reach this server, for links

---@class perilune.serve.Hook
---@field name string
---@field where perilune.err.Place
---@field auth perilune.serve.Verifier
---@field when (fun(event: perilune.serve.Event): any)?
---@field run string|fun(event: perilune.serve.Event)
---@field target string?
---@field vars table|(fun(event: perilune.serve.Event): table)?
---@field key string|(fun(event: perilune.serve.Event): string)?
---@field keep "all"|"latest"
---@field allow string[]
---@field timeout number  seconds
---@field retries { max: integer, backoff: string, first: number, limit: number }
---@field notify table[]
---@field approve "plan"?
---@field source { url: string, ref: any }?
---@field memory integer  bytes
---@field cpu number  seconds

---@class perilune.serve.Limits
---@field runs integer  at once
---@field body integer  bytes
---@field connections integer
---@field log integer  bytes kept of what a run prints
---@field keep_runs number  seconds for which ended runs are kept
---@field drain number  seconds that runs have to end after SIGTERM

local LISTEN_DEFAULT = "127.0.0.1:8443"

local LIMITS = {
  runs = 4, body = 10 << 20, connections = 10240, log = 1 << 20, keep_runs = 30 * 86400, drain = 600,
}

local HOOK = {
  keep = "all", allow = {}, timeout = 3600, memory = 1 << 30, cpu = 3600, notify = {},
  retries = { max = 0, backoff = "exponential", first = 5, limit = 600 },
}

-- What would reach out of the file; the process of a run brings its own.
local OUTSIDE = {
  "all", "inspect", "parallel", "print", "race", "sleep", "spawn", "timeout", "vcenter", "log", "io", "os", "require",
}

local function refusing(file)
  local words = {}
  for _, name in ipairs(OUTSIDE) do
    local function refuse()
      file:invalid(file:here(), name .. " is only there where a hook runs",
        "it belongs into the hook's run = function(event) … end")
    end
    words[name] = setmetatable({}, { __call = refuse, __index = refuse })
  end
  return words
end

local function plain_lua()
  return {
    assert = assert, error = error, ipairs = ipairs, json = json, math = math, next = next, pairs = pairs,
    pcall = pcall, select = select, string = string, table = table, tonumber = tonumber, tostring = tostring,
    type = type, utf8 = utf8,
  }
end

local function with_defaults(fields, defaults)
  local all = {}
  for name, value in pairs(defaults) do all[name] = value end
  for name, value in pairs(fields) do all[name] = value end
  return all
end

--- A word that sets one thing, once: `listen`, `tls`, `limits`.
local function setter(file, found, name, take)
  local first
  return function(value)
    local where = file:here()
    if first then file:invalid(where, ("%s is said twice, first in line %d"):format(name, first.line)) end
    first = where
    found[name] = take(value, where)
  end
end

local function addresses(file)
  return function(value, where)
    local list = {}
    for i, text in ipairs(type(value) == "table" and value or { value }) do
      list[i] = rules.address(text) or file:invalid(where,
        ("listen: %q is no address with a port"):format(tostring(text)), 'write "127.0.0.1:8443" or "[::1]:8443"')
    end
    return list
  end
end

local function fields_of(file, name, checks, defaults)
  return function(value, where)
    file:check(name, value, checks, where)
    return rules.settled(with_defaults(value, defaults or {}), checks)
  end
end

local function check_hook(file, hook, where)
  local label = ("hook %q"):format(hook.name)
  if not hook.auth then
    file:invalid(where, label .. " does not say who may call it",
      'give it auth, such as auth = github { secret = secret.env "…" }; auth = none lets everybody in')
  elseif not hook.run then
    file:invalid(where, label .. " has nothing to run", 'run = "playbook.lua", or a function')
  elseif hook.source and type(hook.run) ~= "string" then
    file:invalid(where, label .. ": what comes from git is a file: run is its name there")
  elseif hook.approve and type(hook.run) ~= "string" then
    file:invalid(where, label .. ": a function has no plan that could be approved")
  elseif (hook.vars or #hook.allow > 0) and type(hook.run) ~= "string" then
    file:invalid(where, label .. ": vars and allow are for playbooks; a function is given the event")
  end
end

--- A playbook that is not there is found before a delivery needs it.
local function check_file(file, found, hook)
  if type(hook.run) ~= "string" or hook.source then return end
  local path = found.directory .. "/" .. hook.run
  local handle, problem = io.open(path, "r")
  if handle then return handle:close() end
  local message = ("hook %q: cannot read the playbook: %s"):format(hook.name, problem)
  file:invalid(file:field_place("run", hook.where), message, "its name counts from the directory of the hooks file")
end

local function hook_word(file, found)
  return function(name)
    local where = file:here()
    if type(name) ~= "string" or not name:find "^%w[%w._-]*$" then
      file:invalid(where, 'a hook has a name of letters, digits, ".", "_" and "-": hook "deploy" { … }')
    elseif found.hooks[name] then
      file:invalid(where, ("hook %q is defined twice, first in line %d"):format(name, found.hooks[name].where.line))
    end
    return function(fields)
      file:check(("hook %q"):format(name), fields, rules.hook, where)
      local hook = rules.settled(with_defaults(fields, HOOK), rules.hook)
      hook.name, hook.where = name, where
      hook.retries = with_defaults(hook.retries, HOOK.retries)
      check_hook(file, hook, where)
      check_file(file, found, hook)
      found.hooks[name] = hook
      table.insert(found.hooks, hook)
    end
  end
end

-- The process of a run asks nobody who he is: it needs no secrets, and does not get them.
local function auth_words(options)
  if not options.run_words then return auth end
  local words, nobody = {}, { verify = function() end }
  for name, word in pairs(auth) do
    words[name] = type(word) == "function" and function() return nobody end or nobody
  end
  return words
end

local function words_of(file, found, options)
  local words = {
    git = rules.git, hook = hook_word(file, found),
    secret = file:vocabulary(recipe.words(options.env), "kind of secret"),
    listen = setter(file, found, "listen", addresses(file)),
    tls = setter(file, found, "tls", fields_of(file, "tls", rules.tls)),
    limits = setter(file, found, "limits", fields_of(file, "limits", rules.limits, LIMITS)),
    pages = setter(file, found, "pages", fields_of(file, "pages", rules.pages)),
    metrics = setter(file, found, "metrics", fields_of(file, "metrics", rules.metrics)),
    telemetry = setter(file, found, "telemetry", fields_of(file, "telemetry", rules.telemetry)),
    public_url = setter(file, found, "public_url", function(value, where)
      local problem = rules.url(value)
      if problem ~= true then file:invalid(where, "public_url: " .. problem) end
      return (value:gsub("/+$", ""))
    end),
  }
  for _, more in ipairs { plain_lua(), auth_words(options), options.run_words or refusing(file) } do
    for name, word in pairs(more) do words[name] = word end
  end
  return words
end

-- Paths of the file count from its directory.
local function beside(found, path)
  return path:find "^/" and path or found.directory .. "/" .. path
end

local function settle(found)
  found.listen = found.listen or { rules.address(LISTEN_DEFAULT) }
  found.limits = found.limits or LIMITS
  for _, name in ipairs { "cert", "key", "client_ca" } do
    local path = found.tls and found.tls[name]
    if path then found.tls[name] = beside(found, path) end
  end
  return found
end

--- Reads the file. Secrets are got at once; may wait. Raises `serve.config`, with the place of the first mistake.
---@param path string
---@param options { env: (fun(name: string): string?), run_words: table? }
---@return perilune.serve.Config
function config.load(path, options)
  local file, problem = settings.open(path, "serve.config")
  if not file then err.raise { code = "io", where = false, message = "cannot read the hooks: " .. problem } end
  local found = {
    path = path, directory = path:match "^(.*)/[^/]*$" or ".", name = path:match "[^/]*$", hooks = {},
  }
  file:run(words_of(file, found, options))
  if #found.hooks == 0 then file:invalid(false, path .. " defines no hook", 'write hook "name" { … }') end
  return settle(found)
end

return config
