--- The fields of a word that says who may call: checked, and secrets got.
local err = require "perilune.err"
local recipe = require "perilune.util.recipe"
local secret = require "perilune.util.secret"

local options = {}

local function refuse(word, message, hint)
  err.raise { code = "serve.config", message = ("%s: %s"):format(word, message), hint = hint }
end

--- Raises unless fields are among known ones and have the required ones.
---@param word string
---@param fields any
---@param known table<string, string>  name → type, "secret" for what `options.secrets` reads
---@param required string[]
function options.check(word, fields, known, required)
  if type(fields) ~= "table" or getmetatable(fields) then
    refuse(word, "expected a table of fields", ("write %s { %s = … }"):format(word, required[1] or next(known)))
  end
  for name, value in pairs(fields) do
    local kind = known[name]
    if not kind then refuse(word, ("unknown field %q"):format(tostring(name)), err.suggest(tostring(name), known)) end
    if kind ~= "secret" and type(value) ~= kind then
      refuse(word, ("%s: expected a %s, got a %s"):format(name, kind, type(value)))
    end
  end
  for _, name in ipairs(required) do
    if fields[name] == nil then refuse(word, "it has no " .. name) end
  end
end

local function one(word, name, value)
  if not recipe.is(value) then
    refuse(word, name .. ": a secret does not belong in this file",
      'write secret.env "…", secret.file "…" or secret.command { … }')
  end
  local got = recipe.cook(value)
  if secret.reveal(got) == "" then refuse(word, name .. ": the secret is empty", "give it one: it keeps others out") end
  return got
end

--- The secrets of a field, one or a list of them: while one is exchanged for another both count.
---@param word string
---@param name string
---@param value any
---@return perilune.util.Secret[]
function options.secrets(word, name, value)
  local is_list = type(value) == "table" and not recipe.is(value) and #value > 0
  local secrets = {}
  for i, item in ipairs(is_list and value or { value }) do secrets[i] = one(word, name, item) end
  return secrets
end

--- Raises a mistake in the fields of a word.
options.refuse = refuse

return options
