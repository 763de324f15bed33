--- perilune run SCRIPT [ARGUMENT…]: a Lua script, in the root task.
---
--- A script is plain Lua: io, os, require of our modules and of files beside it or under the current
--- directory, and as globals the words below. What it returns is the exit code: an integer, or nothing for 0.
local err = require "perilune.err"
local inspect = require "perilune.util.inspect"
local json = require "perilune.c.json"
local options = require "perilune.cmd.options"
local scope = require "perilune.util.scope"
local session = require "perilune.cmd.session"
local task = require "perilune.c.task"
local text = require "perilune.util.text"

local run = {
  name = "run",
  usage = "[options] SCRIPT [options] [ARGUMENT…]",
  summary = "Run a Lua script with the whole vSphere API: vcenter(), parallel, timeout, log, json, inspect.",
  arguments = {
    { name = "SCRIPT", doc = "a Lua file" },
    { name = "ARGUMENT", doc = "the script's, from the first word that is no option of run", many = true },
  },
  options = { "target", "parallel", "verbose", "color", "no_color" },
  examples = {
    { "run report.lua --target lab", "vcenter() is that target" },
    { "run report.lua web-* --long", "arg[1] is \"web-*\", arg[2] is \"--long\"" },
    { "run -t lab report.lua -- -v", "-v is the script's, after --" },
  },
  exits = "what the script returns, else 0; 1 error, 4 cannot connect, 130 interrupted",
}

-- Parts run's own options and the script from the script's arguments.
local function split(words)
  local own, script, i = {}, nil, 1
  while words[i] do
    local taken = options.words(run, words[i])
    if words[i] == "--" then
      i = i + 1
      break
    elseif taken > 0 then
      table.move(words, i, i + taken - 1, #own + 1, own)
    elseif script then
      break
    else
      script, taken = words[i], 1
      own[#own + 1] = script
    end
    i = i + taken
  end
  return own, { table.unpack(words, i) }
end

--- Like `options.parse`; the script's arguments are in `rest`.
---@param words string[]
---@return table|nil
function run.parse(_, words)
  local own, rest = split(words)
  local parsed = options.parse(run, own)
  if parsed then parsed.rest = rest end
  return parsed
end

local function log_at(level)
  return function(message, fields)
    local parts = { level .. ": " .. text.visible(message) }
    local pairs_of = {}
    for name, value in pairs(fields or {}) do
      pairs_of[#pairs_of + 1] = ("%s=%s"):format(text.visible(name), text.visible(value))
    end
    table.sort(pairs_of)
    io.stderr:write(table.concat({ parts[1], table.unpack(pairs_of) }, "  "), "\n")
  end
end

--- As Lua's, but tables are shown by what is in them.
local function print_values(...)
  local words = table.pack(...)
  for i = 1, words.n do
    words[i] = inspect.printed(words[i])
  end
  io.stdout:write(table.concat(words, "\t", 1, words.n), "\n")
end

--- The words of scripts, and of functions in hooks.lua.
---@param work perilune.cmd.Session
---@return table<string, any>
function run.words(work)
  return {
    all = scope.all,
    inspect = inspect.text,
    json = json,
    log = { info = log_at "info", warn = log_at "warn" },
    parallel = scope.parallel,
    print = print_values,
    race = scope.race,
    sleep = task.sleep,
    spawn = scope.spawn,
    timeout = scope.timeout,
    vcenter = function() return work:vcenter() end,
  }
end

--- Bytecode is refused: it can crash the program.
local function refuse_bytecode()
  local load, loadfile = load, loadfile
  function _G.load(chunk, name, _, ...)
    return load(chunk, name, "t", ...)
  end
  function _G.loadfile(name, _, ...)
    return loadfile(name, "t", ...)
  end
  function _G.dofile(name)
    local chunk, problem = loadfile(name, "t")
    if not chunk then error(problem, 0) end
    return chunk()
  end
  string.dump = nil -- luacheck: ignore 122
end

--- os.exit unwinds the script as an error does, so that handlers run and sessions end.
local function exit(status)
  local code = math.type(status) == "integer" and status or (status == false and 1 or 0)
  err.raise { code = "task.exit", where = false, message = "the script called exit", status = code }
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

local function prepare(parsed, work)
  refuse_bytecode()
  search_beside(parsed.script)
  for name, word in pairs(run.words(work)) do _G[name] = word end
  rawset(os, "exit", exit)
  _G.arg = { [0] = parsed.script, table.unpack(parsed.rest) }
end

---@param parsed table
---@param shown perilune.cmd.Output
---@return integer
function run.main(parsed, shown)
  local work <close> = session.new(parsed, shown)
  local chunk = load_script(parsed.script)
  prepare(parsed, work)
  local ok, result = xpcall(scope.scope, err.wrap, chunk, table.unpack(parsed.rest))
  if ok then return math.type(result) == "integer" and result or 0 end
  if result.code == "task.exit" then return result.status end
  error(result, 0)
end

return run
