--- perilune run FILE [ARGUMENT…]: a Lua script, in the root task.
--
-- A script is plain Lua: io, os, require of our modules and of files beside it or under the current directory, and
-- the words of scopes as globals. What it returns is the exit code: an integer, or nothing for 0.
local err = require "perilune.err"
local scope = require "perilune.util.scope"
local task = require "perilune.c.task"

local run = {}

local function words()
  return {
    all = scope.all,
    parallel = scope.parallel,
    race = scope.race,
    sleep = task.sleep,
    spawn = scope.spawn,
    timeout = scope.timeout,
  }
end

--- Bytecode is refused everywhere: it can crash the program.
local function refuse_bytecode()
  local load, loadfile = load, loadfile
  local function text_only(mode)
    if mode and mode ~= "t" then error("only text can be loaded, no bytecode", 3) end
  end
  function _G.load(chunk, name, mode, ...)
    text_only(mode)
    if select("#", ...) == 0 then return load(chunk, name, "t") end
    return load(chunk, name, "t", (...))
  end
  function _G.loadfile(name, mode, ...)
    text_only(mode)
    if select("#", ...) == 0 then return loadfile(name, "t") end
    return loadfile(name, "t", (...))
  end
  function _G.dofile(name)
    local chunk, problem = loadfile(name, "t")
    if not chunk then error(problem, 0) end
    return chunk()
  end
  string.dump = nil
end

--- Lets require find Lua files beside the script and under the current directory.
local function search_beside(path)
  local directory = path:match "^(.*)/" or "."
  local template = ("%s/?.lua;%s/?/init.lua;./?.lua;./?/init.lua"):format(directory, directory)
  table.insert(package.searchers, function(name)
    local file, tried = package.searchpath(name, template)
    if not file then return tried end
    local chunk, problem = loadfile(file, "t")
    if not chunk then error(problem, 0) end
    return chunk, file
  end)
end

local function load_script(path)
  local file, problem = io.open(path, "rb")
  if not file then err.raise { code = "io", where = false, message = "cannot open " .. problem } end
  file:close()
  local chunk, mistake = loadfile(path, "t")
  if chunk then return chunk end
  local place, line, message = mistake:match "^(.-):(%d+): (.*)$"
  err.raise {
    code = "playbook.syntax",
    where = place and { file = place, line = math.tointeger(tonumber(line)) },
    message = message or mistake,
  }
end

---@param arguments string[]  the script and its arguments
---@return integer  exit code
function run.main(arguments)
  local path = arguments[1]
  if not path then
    err.raise { code = "usage", where = false, message = "run needs a script", hint = "perilune run FILE [ARGUMENT…]" }
  end
  local chunk = load_script(path)
  refuse_bytecode()
  search_beside(path)
  for name, word in pairs(words()) do _G[name] = word end
  _G.arg = { [0] = path, table.unpack(arguments, 2) }
  local result = chunk(table.unpack(arguments, 2))
  return math.type(result) == "integer" and result or 0
end

return run
