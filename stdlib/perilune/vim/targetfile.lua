--- Reads targets.lua: `target "lab" { url = …, user = …, password = secret.env "…", … }`.
---
--- The file runs in an environment with two words, target and secret. A password is only fetched for
--- the target that is used: `secret.…` here is a recipe, cooked by `targetfile.cook`.
local recipe = require "perilune.util.recipe"
local settings = require "perilune.util.settings"

local targetfile = {}

local function text(value)
  return type(value) == "string" and value ~= "" or "expected a text"
end

local function text_or_texts(value)
  if type(value) ~= "table" or #value == 0 or getmetatable(value) then
    return text(value)
  end
  for _, one in ipairs(value) do
    if text(one) ~= true then
      return "expected a text, or a list of them"
    end
  end
  return true
end

local function boolean(value)
  return type(value) == "boolean" or "expected true or false"
end

local function number(value)
  return type(value) == "number" and value > 0 or "expected a number of seconds"
end

local function recipe_only(value)
  return recipe.is(value)
    or 'a secret does not belong in this file; write secret.env "…", .file "…", .command {…} or .prompt "…"'
end

local function text_or_true(value)
  return value == true or text(value) == true or "expected true, or the URL of the token service"
end

local function proxy_url(value)
  if value == false or recipe.is(value) then
    return true
  elseif text(value) ~= true then
    return "expected the URL of a proxy, or false for none"
  end
  return not value:find ":[^/@]*@" or recipe_only(value)
end

---@type table<string, fun(value: any): true|string>
local FIELDS = {
  cert = text,
  clone_ticket = recipe_only,
  extension = text,
  key = text,
  key_password = recipe_only,
  rest_session = recipe_only,
  session = recipe_only,
  sso = text_or_true,
  token = recipe_only,
  tunnel = text,
  url = text,
  user = text,
  password = recipe_only,
  thumbprint = text,
  proxy = proxy_url,
  proxy_password = recipe_only,
  ca_file = text_or_texts,
  ca_dir = text,
  crl_file = text_or_texts,
  insecure = boolean,
  default = boolean,
  timeout = number,
  keep_alive = number,
  patience = number,
}

local function declarer(file, found)
  return function(name)
    local where = file:here()
    if type(name) ~= "string" or name == "" then
      file:invalid(where, 'a target has a name: target "lab" { … }')
    elseif found[name] then
      file:invalid(where, ("target %q is defined twice, first in line %d"):format(name, found[name].where.line))
    end
    return function(fields)
      file:check(("target %q"):format(name), fields, FIELDS, where)
      if not fields.url then file:invalid(where, ("target %q has no url"):format(name)) end
      found[name] = { name = name, fields = fields, where = where }
      found[#found + 1] = found[name]
    end
  end
end

--- The targets that a file defines, in order and by name; nil when there is no such file.
---@param path string
---@param env fun(name: string): string?
---@return table? targets  { name, fields, where }
function targetfile.load(path, env)
  local file = settings.open(path, "target.invalid")
  if not file then return nil end
  local found = {}
  file:run {
    target = declarer(file, found),
    secret = file:vocabulary(recipe.words(env), "kind of secret"),
  }
  return found
end

return targetfile
