--- Reads targets.lua: `target "lab" { url = …, user = …, password = secret.env "…", … }`.
---
--- The file runs in an environment with two words, target and secret. A password is only fetched for
--- the target that is used: `secret.…` here is a recipe, cooked by `targetfile.cook`.
local err = require "perilune.err"
local process = require "perilune.c.process"
local prompt = require "perilune.util.prompt"
local secret = require "perilune.util.secret"

local targetfile = {}

---@class perilune.vim.Recipe
---@field source string  for messages: "the environment's LAB_PASSWORD"
---@field read fun(): string

local recipe_meta = { __name = "secret", __tostring = function() return "(secret)" end }

local function recipe(source, read)
  return setmetatable({ source = source, read = read }, recipe_meta)
end

local function invalid(where, message, hint)
  err.raise { code = "target.invalid", where = where, message = message, hint = hint }
end

local function trim_line(text)
  return (text:gsub("\r?\n$", ""))
end

local function read_file(path)
  local file, problem = io.open(path, "r")
  local content = file and file:read "a"
  if not content then
    invalid(nil, "cannot read the secret: " .. (problem or path .. " is no file"))
  end
  file:close()
  return trim_line(content)
end

local function run_command(arguments)
  local status, output = process.run(arguments)
  if status ~= 0 then
    invalid(nil, ("the secret's command %q ended with status %d"):format(arguments[1], status))
  end
  return trim_line(output)
end

local function ask(question)
  if not prompt.is_possible() then
    invalid(nil, "a secret is asked for, and there is no terminal",
      "use secret.env, secret.file or secret.command")
  end
  return prompt.secret(question) or invalid(nil, "no secret was given")
end

local function text_argument(word, value)
  if type(value) ~= "string" or value == "" then
    invalid(nil, ("secret.%s wants a text, as in secret.%s \"…\""):format(word, word))
  end
  return value
end

local function from_env(env)
  return function(name)
    text_argument("env", name)
    return recipe(name, function()
      local value = env(name)
      if not value or value == "" then
        invalid(nil, ("the environment has no %s"):format(name))
      end
      return value
    end)
  end
end

local function from_command(arguments)
  local is_list = type(arguments) == "table" and #arguments > 0
  for _, argument in ipairs(is_list and arguments or {}) do
    is_list = is_list and type(argument) == "string"
  end
  if not is_list then
    invalid(nil, 'secret.command wants a list of texts, as in secret.command { "get-password", "lab" }')
  end
  return recipe("command " .. arguments[1], function() return run_command(arguments) end)
end

local function recipes(env)
  return {
    env = from_env(env),
    file = function(path)
      return recipe("file " .. text_argument("file", path), function() return read_file(path) end)
    end,
    command = from_command,
    prompt = function(question)
      return recipe("what was typed", function() return ask(text_argument("prompt", question)) end)
    end,
  }
end

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
  return getmetatable(value) == recipe_meta
    or 'a secret does not belong in this file; write secret.env "…", .file "…", .command {…} or .prompt "…"'
end

local function text_or_true(value)
  return value == true or text(value) == true or "expected true, or the URL of the token service"
end

local function proxy_url(value)
  if value == false or getmetatable(value) == recipe_meta then
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

local function field_line(source, name, from)
  local number_of_line = 0
  for line in (source .. "\n"):gmatch "(.-)\n" do
    number_of_line = number_of_line + 1
    if number_of_line >= from and line:find("%f[%w_]" .. name .. "%f[^%w_]%s*=") then
      return number_of_line
    end
  end
  return from
end

local function check_fields(name, fields, where, source)
  if type(fields) ~= "table" then
    invalid(where, ("target %q wants a table of fields"):format(name))
  end
  for field, value in pairs(fields) do
    local check = FIELDS[field]
    local problem = not check and ("unknown field %q"):format(tostring(field)) or check(value)
    if problem ~= true then
      local place = { file = where.file, line = field_line(source, tostring(field), where.line) }
      local message = check and ("target %q: %s: %s"):format(name, field, problem)
        or ("target %q: %s"):format(name, problem)
      invalid(place, message, not check and err.suggest(tostring(field), FIELDS) or nil)
    end
  end
  if not fields.url then
    invalid(where, ("target %q has no url"):format(name))
  end
end

--- The line of the file that called the function which calls this one.
local function here(path)
  local info = debug.getinfo(3, "l")
  return { file = path, line = info and info.currentline or 1 }
end

local function declarer(path, source, found)
  return function(name)
    local where = here(path)
    if type(name) ~= "string" or name == "" then
      invalid(where, 'a target has a name: target "lab" { … }')
    elseif found[name] then
      invalid(where, ("target %q is defined twice, first in line %d"):format(name, found[name].where.line))
    end
    return function(fields)
      check_fields(name, fields, where, source)
      found[name] = { name = name, fields = fields, where = where }
      found[#found + 1] = found[name]
    end
  end
end

--- A table of words that refuses any other and cannot be changed.
local function vocabulary(path, words, what)
  return setmetatable({}, {
    __index = function(_, name)
      if words[name] == nil then
        local message = ("unknown %s %q"):format(what, tostring(name))
        invalid(here(path), message, err.suggest(tostring(name), words))
      end
      return words[name]
    end,
    __newindex = function(_, name) invalid(here(path), ("make it local: %s"):format(tostring(name))) end,
    __metatable = false,
  })
end

local function place_of(problem, path)
  local line, rest = tostring(problem):match ":(%d+): (.*)$"
  return { file = path, line = math.tointeger(tonumber(line)) or 1 }, rest or tostring(problem)
end

local function located(problem, path)
  if err.is(problem) then
    problem.where = problem.where or { file = path, line = 1 }
    error(problem, 0)
  end
  invalid(place_of(problem, path))
end

--- The targets that a file defines, in order and by name; nil when there is no such file.
---@param path string
---@param env fun(name: string): string?
---@return table? targets  { name, fields, where }
function targetfile.load(path, env)
  local file = io.open(path, "r")
  local source = file and file:read "a"
  if not source then
    return nil
  end
  file:close()
  local found = {}
  local words = {
    target = declarer(path, source, found),
    secret = vocabulary(path, recipes(env), "kind of secret"),
  }
  local chunk, problem = load(source, "@" .. path, "t", vocabulary(path, words, "name"))
  if not chunk then
    located(problem, path)
  end
  local ok, failure = pcall(chunk)
  if not ok then
    located(failure, path)
  end
  return found
end

--- Fetches a secret as its recipe says. May ask on the terminal or run a command.
---@param value perilune.vim.Recipe?
---@return perilune.util.Secret?
function targetfile.cook(value)
  return value and secret.new(value.read(), value.source)
end

return targetfile
