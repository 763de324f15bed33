--- perilune repl: an interactive shell, or the reader of a script on standard input.
local lazy = require "perilune.util.lazy"
local apply = lazy "perilune.cmd.apply"
local err = require "perilune.err"
local file = require "perilune.c.file"
local interrupt = require "perilune.c.interrupt"
local session = require "perilune.cmd.session"
local shell = require "perilune.shell"
local style = require "perilune.util.style"
local term = require "perilune.c.term"
local terminal = require "perilune.shell.terminal"

local repl = {
  name = "repl",
  usage = "[options]",
  summary = "An interactive shell with live objects; without a terminal it reads a script from standard input.",
  arguments = {},
  options = { "target", "parallel", "verbose", "color", "no_color" },
  examples = {
    { "repl --target lab", "a prompt with that vCenter" },
    { "repl < morning.lua", "results on stdout; the first error ends it" },
    { "repl", "the only target there is, or none: Lua alone" },
  },
  exits = "0, or what os.exit was given; 1 error in a script, 4 cannot connect or log in",
}

--- A connection where a target was named or is configured; nil where there is none at all.
local function connect(work)
  local ok, result = xpcall(work.vcenter, err.wrap, work)
  if ok then return result end
  if work.options.target or result.code ~= "target.missing" then error(result, 0) end
end

--- What carries out a plan of the shell: as the command apply does.
---@param options table
---@param shown perilune.cmd.Output
---@return fun(vc: perilune.vim.Connection, made: perilune.shell.Planned)
function repl.applier(options, shown)
  return function(vc, made)
    local work = {
      options = options,
      vcenter = function() return vc end,
      verify = function(_, ...) return made.planner:verify(...) end,
    }
    local code = apply.carry_out(work, shown, made.declaration, made.plan, {})
    if code ~= 0 then
      err.raise { code = "apply.unsettled", where = false, message = "not all of it was applied; see above" }
    end
  end
end

-- A session of the command line for each target; `:target` leaves the one before.
local function connector(options, shown, held)
  return function(name)
    local changed = setmetatable({ target = name }, { __index = options })
    local work = session.new(changed, shown)
    local vc = work:vcenter()
    held.work:close()
    held.work = work
    return vc
  end
end

--- Reads chunks of whole lines from stdin until one fails.
local function read_script(running)
  local typed, state = nil, "done"
  repeat
    local line = term.read_line()
    if line == nil and not typed then break end
    typed = typed and line and typed .. "\n" .. line or typed or line
    state = running:evaluate(typed, line == nil)
    if state ~= "more" then typed = nil end
  until line == nil or state == "failed" or running.exit
  if running.exit then return running.exit end
  if state == "failed" then return math.max(err.exit_code(running.failure), 1) end
  running:drain()
  return running.background_failed and 1 or 0
end

--- What a connection tells goes to the shell, once there is one. That the server is away is told once, until it
--- answers again.
local function listener(shown, held)
  local is_away = false
  local function when_running(method)
    return function(_, ...)
      if held.running then held.running[method](held.running, ...) end
    end
  end
  local requested, waited = when_running "on_request", when_running "on_wait"
  local told = { notice = when_running "on_notice" }
  function told.request(...)
    is_away = false
    requested(...)
  end
  function told.waiting(...)
    if not is_away then waited(...) end
    is_away = true
  end
  return setmetatable(told, { __index = shown })
end

local function write(s)
  io.stdout:write(s)
  io.stdout:flush()
end

local function shell_options(options, shown, held)
  return {
    connect = connector(options, shown, held),
    apply = repl.applier(options, shown),
    style = style.new(style.wanted(options.color, term.isatty(1), os.getenv)),
    write = write,
    name = "stdin",
  }
end

--- Where the history is kept: $XDG_STATE_HOME/perilune/history; nil where there is no home.
local function history_path()
  local state, home = os.getenv "XDG_STATE_HOME", os.getenv "HOME"
  if not state or state == "" then state = home and home ~= "" and home .. "/.local/state" or nil end
  if not state then return nil end
  local directory = state .. "/perilune"
  for at in directory:gmatch "()/" do
    if at > 1 then pcall(file.mkdir, directory:sub(1, at - 1)) end -- what cannot be made is told by the last one
  end
  return pcall(file.mkdir, directory) and directory .. "/history" or nil
end

local function open_editor()
  if not (term.isatty(0) and term.isatty(1)) then return nil end
  return require("perilune.c.line").open { terminal = os.getenv "TERM", history = history_path() }
end

local function live_options(chosen, editor)
  chosen.name, chosen.is_live, chosen.width = "prompt", true, term.width
  chosen.write = function(s) editor:print(s) end
  chosen.draw = os.getenv "TERM" ~= "dumb" and function(s) term.write(1, s) end or nil
  chosen.mode = function(mode) editor:mode(mode) end
  chosen.ask = function(question) return terminal.ask(editor, question) end
end

---@param options table
---@param shown perilune.cmd.Output
---@return integer
function repl.main(options, shown)
  local held = {}
  local told = listener(shown, held)
  held.work = session.new(options, told)
  held.work.is_watched = true
  local _ <close> = setmetatable({}, { __close = function() held.work:close() end })
  local chosen = shell_options(options, told, held)
  chosen.vc = connect(held.work)
  local editor <close> = open_editor()
  local taken <close> = editor and interrupt.take() or nil -- luacheck: ignore 211 (Ctrl-C ends lines, not the shell)
  if editor then live_options(chosen, editor) end
  local running <close> = shell.open(chosen)
  held.running = running
  if not editor then return read_script(running) end
  return terminal.new(running, editor):run()
end

return repl
