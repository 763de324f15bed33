--- What each field of hooks.lua may be. A check gives true, or what is wrong with the value; a field whose value is
--- written in units also has a conversion in `settled`.
local err = require "perilune.err"
local git = require "perilune.serve.git"
local password = require "perilune.serve.pages.password"
local recipe = require "perilune.util.recipe"
local units = require "perilune.util.units"

local rules = {}

local HARMS = { reboot = true, poweroff = true, delete = true, replace = true, disconnect = true }
local BACKOFFS = { exponential = true, constant = true }
local OUTCOMES = { failure = true, success = true, approval = true, all = true }

local function text(value)
  return type(value) == "string" and value ~= "" or "expected a text"
end

local function fn(value)
  return type(value) == "function" or "expected a function of the event"
end

local function either(a, b, expected)
  return function(value)
    return a(value) == true or b(value) == true or "expected " .. expected
  end
end

local function tables(value)
  return type(value) == "table" and not getmetatable(value) or "expected a table"
end

local function whole(least, most)
  return function(value)
    return math.type(value) == "integer" and value >= least and value <= most
      or ("expected a whole number from %d to %d"):format(least, most)
  end
end

local function one_of(set, quoted)
  return function(value)
    if set[value] then return true end
    local near = type(value) == "string" and err.suggest(value, set)
    return ("expected %s%s"):format(quoted, near and "; " .. near or "")
  end
end

local function duration(value)
  local seconds, problem, hint = units.duration(value)
  if seconds and seconds > 0 then return true end
  return ("%s; %s"):format(problem or "it is none", hint or 'write "15m"')
end

local function size(value)
  local bytes, problem, hint = units.size(value)
  if bytes and bytes > 0 then return true end
  return ("%s; %s"):format(problem or "it is none", hint or 'write "1GiB"')
end

local function list_of(check, expected)
  return function(value)
    if type(value) ~= "table" or #value == 0 or getmetatable(value) then return "expected a list of " .. expected end
    for _, item in ipairs(value) do
      local problem = check(item)
      if problem ~= true then return problem end
    end
    return true
  end
end

--- Checks a table within a table: its own fields, and those it cannot do without.
local function fields(checks, required)
  return function(value)
    if tables(value) ~= true then return "expected a table" end
    for name, item in pairs(value) do
      local check = checks[name]
      local near = not check and err.suggest(tostring(name), checks)
      if not check then return ("unknown field %q%s"):format(tostring(name), near and "; " .. near or "") end
      local problem = check(item)
      if problem ~= true then return ("%s: %s"):format(name, problem) end
    end
    for _, name in ipairs(required or {}) do
      if value[name] == nil then return "it has no " .. name end
    end
    return true
  end
end

--- Whether a text is the URL of a web server.
---@param value any
---@return true|string
function rules.url(value)
  return text(value) == true and value:find "^https?://[^/%s]+" and not value:find "[%s%c]" and true
    or "expected the URL of a web server"
end

local function url_or_secret(value)
  return recipe.is(value) or rules.url(value)
end

--- "127.0.0.1:8443", "[::1]:8443", ":8443" (all addresses) → address and port; nil where it is none.
---@param value any
---@return { address: string, port: integer }?
function rules.address(value)
  if type(value) ~= "string" then return nil end
  local host, port = value:match "^%[([%x:.]+)%]:(%d+)$"
  if not host then host, port = value:match "^([^%[%]:]*):(%d+)$" end
  local number = math.tointeger(tonumber(port))
  if not number or number > 65535 then return nil end
  return { address = host == "" and "::" or host, port = number }
end

local retries = fields {
  max = whole(0, 1000), backoff = one_of(BACKOFFS, '"exponential" or "constant"'), first = duration, limit = duration,
}

local notify = fields({
  on = either(one_of(OUTCOMES, ""), list_of(one_of(OUTCOMES, "")),
    '"failure", "success", "approval", "all", or a list'),
  url = url_or_secret, headers = tables,
}, { "url" })

local function notifies(value)
  if tables(value) == true and #value > 0 then return list_of(notify, "tables")(value) end
  return notify(value)
end

local function verifier(value)
  return type(value) == "table" and type(value.verify) == "function"
    or 'expected who may call, such as github { secret = secret.env "…" }, bearer { token = … } or none'
end

local source_meta = { __name = "git" }

local function repository(value)
  return text(value) == true and git.check_url(value) or "expected the URL of a repository"
end

local source_fields = fields({ url = repository, ref = either(text, fn, "a name or a function of the event") },
  { "url", "ref" })

--- `source = git { url = …, ref = … }`.
function rules.git(value)
  local problem = source_fields(value)
  if problem ~= true then err.raise { code = "serve.config", message = "git: " .. problem } end
  return setmetatable({ url = value.url, ref = value.ref }, source_meta)
end

local function source(value)
  return getmetatable(value) == source_meta or 'expected git { url = "…", ref = "main" }'
end

rules.hook = {
  auth = verifier, when = fn, run = either(text, fn, "the name of a playbook, or a function of the event"),
  target = text, vars = either(tables, fn, "a table, or a function of the event"),
  key = either(text, fn, "a text, or a function of the event"),
  keep = one_of({ all = true, latest = true }, '"all" or "latest"'),
  allow = list_of(one_of(HARMS, "reboot, poweroff, delete, replace or disconnect"), "words"),
  timeout = duration, cpu = duration, memory = size, retries = retries, notify = notifies,
  approve = one_of({ plan = true }, '"plan"'), source = source,
}

rules.tls = {
  cert = text, key = text, client_ca = text,
  client = one_of({ none = true, optional = true, required = true }, '"none", "optional" or "required"'),
}

rules.limits = {
  runs = whole(1, 1000), body = size, connections = whole(1, 1000000), log = size, keep_runs = duration,
  drain = duration,
}

local role = one_of({ view = true, run = true, approve = true }, "view, run or approve")

local function password_hash(value)
  return password.is_hash(value) or "expected a hash, as perilune serve --hash-password prints it"
end

local user = fields({ password = password_hash, roles = list_of(role, "roles") }, { "password" })

rules.pages = {
  users = function(value)
    if tables(value) ~= true then return "expected a table of names" end
    for name, one in pairs(value) do
      local problem = user(one)
      if problem ~= true then return ("%s: %s"):format(tostring(name), problem) end
    end
    return next(value) ~= nil or "nobody is in it"
  end,
  session = duration, idle = duration,
  sign_in = function(value) return value == false or "expected false: pages for this machine, without sign-in" end,
}

rules.metrics = { auth = verifier }

rules.telemetry = { otlp = rules.url, headers = tables, service = text, sample = function(value)
  return type(value) == "number" and value >= 0 and value <= 1 or "expected a share from 0 to 1"
end }

local CONVERSIONS = { [duration] = units.duration, [size] = units.size }

local function settled_retries(value)
  local copy = {}
  for name, item in pairs(value) do
    copy[name] = (name == "first" or name == "limit") and units.duration(item) or item
  end
  return copy
end

CONVERSIONS[retries] = settled_retries
CONVERSIONS[notifies] = function(value) return #value > 0 and value or next(value) and { value } or {} end

--- The fields with numbers in place of what was written in units.
---@param values table<string, any>
---@param checks table<string, function>
---@return table<string, any>
function rules.settled(values, checks)
  local settled = {}
  for name, value in pairs(values) do
    local convert = CONVERSIONS[checks[name]]
    settled[name] = value
    if convert then settled[name] = convert(value, "B") end
  end
  return settled
end

return rules
