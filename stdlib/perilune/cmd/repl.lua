--- perilune repl: an interactive shell, or the reader of a script on standard input.
local apply = require "perilune.cmd.apply"
local err = require "perilune.err"
local session = require "perilune.cmd.session"
local shell = require "perilune.shell"
local style = require "perilune.util.style"
local term = require "perilune.c.term"

local repl = {
  name = "repl",
  usage = "[options]",
  summary = "An interactive shell with live objects; without a terminal it reads a script from standard input.",
  arguments = {},
  options = { "target", "parallel", "verbose", "color", "no_color" },
  examples = {
    { "repl --target lab", "a prompt with that vCenter" },
    { "repl < morning.lua", "results of expressions on stdout; ends at the first error" },
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

local function shell_options(options, shown, held)
  return {
    connect = connector(options, shown, held),
    apply = repl.applier(options, shown),
    style = style.new(style.wanted(options.color, term.isatty(1), os.getenv)),
    write = function(s)
      io.stdout:write(s)
      io.stdout:flush()
    end,
  }
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

-- How often a lost connection is told: once, until the server answers again.
local function listen(held)
  local is_away = false
  return {
    request = function(_, what, seconds, status)
      is_away = false
      if held.running then held.running:on_request(what, seconds, status) end
    end,
    waiting = function(_, e, seconds)
      if held.running and not is_away then held.running:on_wait(e, seconds) end
      is_away = true
    end,
    notice = function(_, message)
      if held.running then held.running:on_notice(message) end
    end,
  }
end


---@param options table
---@param shown perilune.cmd.Output
---@return integer
function repl.main(options, shown)
  local held = {}
  local told = setmetatable(listen(held), { __index = shown })
  held.work = session.new(options, told)
  held.work.is_watched = true
  local _ <close> = setmetatable({}, { __close = function() held.work:close() end })
  local chosen = shell_options(options, told, held)
  chosen.name, chosen.vc = "stdin", connect(held.work)
  local running <close> = shell.open(chosen)
  held.running = running
  return read_script(running)
end

return repl
