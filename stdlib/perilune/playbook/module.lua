--- Compiling a playbook and the modules it requires; these lie beside it and share its environment.
local err = require "perilune.err"
local failure = require "perilune.playbook.failure"

local module = {}

local function read(path)
  local file, problem = io.open(path, "rb")
  if not file then return nil, problem end
  local text
  text, problem = file:read "a"
  file:close()
  return text, problem
end

--- The text as Lua compiles it: without a byte order mark; a first line for the shell keeps its number.
local function clean(text)
  return (text:gsub("^\239\187\191", ""):gsub("^#[^\n]*", ""))
end

--- Compiles a file of a playbook; a syntax error is a mistake, after which reading cannot go on.
---@param reading perilune.playbook.Session
---@param path string
---@param text string
---@param environment table
---@return function
function module.compile(reading, path, text, environment)
  reading:add_source(path, clean(text))
  local source = reading.sources[path]
  local chunk, problem = load(source.text, "@" .. path, "t", environment)
  if not chunk then
    reading:fail(failure.syntax(source, problem))
  end
  source.short = debug.getinfo(chunk, "S").short_src
  return chunk
end

--- Reads a playbook; raises `io` where that fails.
---@param path string
---@return string text
function module.read(path)
  local text, problem = read(path)
  if not text then
    error(err.new { code = "io", message = "cannot read the playbook: " .. problem }, 0)
  end
  return text
end

local function find(reading, name)
  local base = reading.directory .. name:gsub("%.", "/")
  for _, path in ipairs { base .. ".lua", base .. "/init.lua" } do
    local text = read(path)
    if text then return path, text end
  end
  return nil, base .. ".lua"
end

local function fail(reading, name, message, hint)
  reading:fail {
    code = "playbook.error", message = message, hint = hint,
    where = reading:at_call(reading:here(), "require", type(name) == "string" and name or nil),
  }
end

--- The `require` of a playbook: `require "lib.names"` runs lib/names.lua beside it, once.
---@param reading perilune.playbook.Session
---@param environment fun(): table
---@return fun(name: string): any
function module.require(reading, environment)
  local loaded, running = {}, {}
  return function(name)
    if type(name) ~= "string" or not name:find "^[%w_-]+[%w_.-]*$" or name:find("..", 1, true) then
      fail(reading, name, "require needs the name of a module", 'write require "lib.names" for lib/names.lua')
    elseif loaded[name] ~= nil then
      return loaded[name]
    elseif running[name] then
      fail(reading, name, ('module "%s" requires itself'):format(name))
    end
    local path, text = find(reading, name)
    if not path then
      fail(reading, name, ('no module "%s" beside the playbook'):format(name), "it would be " .. text)
    end
    running[name] = true
    local result = module.compile(reading, path, text, environment())(name, path)
    loaded[name], running[name] = result == nil and true or result, nil
    return loaded[name]
  end
end

return module
