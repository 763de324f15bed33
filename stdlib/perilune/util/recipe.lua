--- How to get a secret, written down in a file of settings: `secret.env "NAME"`, `.file "PATH"`,
--- `.command { "program", … }`, `.prompt "question"`. It is got only where it is used, by `recipe.cook`.
local err = require "perilune.err"
local process = require "perilune.c.process"
local prompt = require "perilune.util.prompt"
local secret = require "perilune.util.secret"

local recipe = {}

---@class perilune.util.Recipe
---@field source string  for messages: "the environment's LAB_PASSWORD"
---@field read fun(): string

local meta = { __name = "secret", __tostring = function() return "(secret)" end }

local function invalid(message, hint)
  err.raise { code = "secret", message = message, hint = hint }
end

local function new(source, read)
  return setmetatable({ source = source, read = read }, meta)
end

local function trim_line(text)
  return (text:gsub("\r?\n$", ""))
end

local function read_file(path)
  local file, problem = io.open(path, "r")
  local content = file and file:read "a"
  if file then file:close() end
  if not content then invalid("cannot read the secret: " .. (problem or path .. " is no file")) end
  return trim_line(content)
end

local function run_command(arguments)
  local status, output = process.run(arguments)
  if status ~= 0 then invalid(("the secret's command %q ended with status %d"):format(arguments[1], status)) end
  return trim_line(output)
end

local function ask(question)
  if not prompt.is_possible() then
    invalid("a secret is asked for, and there is no terminal", "use secret.env, secret.file or secret.command")
  end
  return prompt.secret(question) or invalid "no secret was given"
end

local function text_argument(word, value)
  if type(value) ~= "string" or value == "" then
    invalid(("secret.%s wants a text, as in secret.%s \"…\""):format(word, word))
  end
  return value
end

local function from_env(env)
  return function(name)
    text_argument("env", name)
    return new(name, function()
      local value = env(name)
      if not value or value == "" then invalid(("the environment has no %s"):format(name)) end
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
    invalid 'secret.command wants a list of texts, as in secret.command { "get-password", "lab" }'
  end
  return new("command " .. arguments[1], function() return run_command(arguments) end)
end

--- The words below `secret` in a file of settings.
---@param env fun(name: string): string?
---@return table<string, fun(argument: any): perilune.util.Recipe>
function recipe.words(env)
  return {
    env = from_env(env),
    file = function(path)
      return new("file " .. text_argument("file", path), function() return read_file(path) end)
    end,
    command = from_command,
    prompt = function(question)
      return new("what was typed", function() return ask(text_argument("prompt", question)) end)
    end,
  }
end

---@param value any
---@return boolean
function recipe.is(value)
  return getmetatable(value) == meta
end

--- Gets a secret as its recipe says. May ask on the terminal or run a command; raises `secret` where that fails.
---@param value perilune.util.Recipe?
---@return perilune.util.Secret?
function recipe.cook(value)
  return value and secret.new(value.read(), value.source)
end

return recipe
