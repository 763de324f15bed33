--- Which way a target logs in, by which of its settings are given; and that they fit together.
local err = require "perilune.err"
local secret = require "perilune.util.secret"
local url = require "perilune.vim.url"

local way = {}

local SERVICE_PATH = "/sts/STSService"

--- Each is chosen by the setting of its name; `password` is what is left. `uses`: settings that go with it.
---@type { name: string, uses: table<string, boolean> }[]
local WAYS = {
  { name = "session", uses = { rest_session = true } },
  { name = "clone_ticket", uses = {} },
  { name = "token", uses = { cert = true } },
  { name = "extension", uses = { cert = true, tunnel = true } },
  { name = "sso", uses = { user = true, password = true, cert = true } },
}
local PASSWORD = { name = "password", uses = { user = true, password = true, cert = true } }

--- Settings that only some ways have a use for.
local PARTICULAR = { "user", "password", "rest_session", "tunnel" }

local WORDS = { user = "user name", password = "password", cert = "certificate" }

local function is_given(value)
  if secret.is(value) then
    return secret.reveal(value) ~= ""
  end
  return value ~= nil and value ~= "" and value ~= false
end

--- What a setting is called where it was made: its variable, or the field.
local function called(settings, field)
  return settings.variables and settings.variables[field] or field
end

local function invalid(settings, message, hint)
  err.raise { code = "target.invalid", where = settings.where, message = message, hint = hint }
end

local function missing(settings, made, field)
  local variable = settings.variables and settings.variables[field]
  invalid(settings, ("%s: no %s is given"):format(made.name, WORDS[field]),
    variable and "set " .. variable or ('add %s to the target'):format(field))
end

--- The way that the settings name; nil if none. Two are a mistake.
local function named(settings, made)
  local found
  for _, one in ipairs(WAYS) do
    if is_given(settings[one.name]) then
      if found then
        invalid(settings, ("%s: %s and %s are two ways to log in"):format(
          made.name, called(settings, found.name), called(settings, one.name)), "keep one of them")
      end
      found = one
    end
  end
  return found
end

local function choose(settings, made)
  local found = named(settings, made)
  if found then
    return found
  elseif is_given(made.cert) and not is_given(made.user) and not is_given(made.password) then
    return WAYS[#WAYS]
  end
  return PASSWORD
end

local function refuse_others(chosen, settings, made)
  for _, field in ipairs(PARTICULAR) do
    if is_given(settings[field]) and not chosen.uses[field] then
      invalid(settings, ("%s: %s is not used by a login with %s"):format(
        made.name, called(settings, field), called(settings, chosen.name)),
        ("remove %s, or %s"):format(called(settings, field), called(settings, chosen.name)))
    end
  end
end

local function need(settings, made, ...)
  for _, field in ipairs { ... } do
    if not is_given(made[field]) then
      missing(settings, made, field)
    end
  end
end

local function need_parts(chosen, settings, made)
  local wants_password = chosen == PASSWORD
    or chosen.name == "sso" and (is_given(made.user) or is_given(made.password) or not is_given(made.cert))
  if wants_password then
    need(settings, made, "user", "password")
  elseif chosen.name == "extension" then
    need(settings, made, "cert")
  end
end

--- The URL of the token service: a vCenter has its own, at a path that has been the same since 6.0.
local function service_at(settings, made)
  if type(settings.sso) ~= "string" then
    return made.origin .. SERVICE_PATH
  end
  local place = url.parse(settings.sso, called(settings, "sso"))
  return url.origin(place) .. (place.path == "/sdk" and SERVICE_PATH or place.path)
end

--- Decides how a target logs in, and writes into it what that way needs.
---@param settings table  as the environment or a file has them
---@param made perilune.vim.Target  with user, password and cert
function way.decide(settings, made)
  local chosen = choose(settings, made)
  refuse_others(chosen, settings, made)
  need_parts(chosen, settings, made)
  made.login = chosen.name
  for _, field in ipairs { "session", "rest_session", "clone_ticket", "token", "extension", "tunnel" } do
    made[field] = settings[field]
  end
  made.sts = service_at(settings, made)
  if not chosen.uses.user then
    made.user, made.password = nil, nil -- the URL may have had them
  end
end

return way
