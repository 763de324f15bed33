--- perilune repl: an interactive shell, or the reader of a script on standard input.
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
  options = { "target", "allow", "parallel", "verbose", "color", "no_color" },
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
  return state == "failed" and math.max(err.exit_code(running.failure), 1) or 0
end

---@param options table
---@param shown perilune.cmd.Output
---@return integer
function repl.main(options, shown)
  local work <close> = session.new(options, shown)
  local running <close> = shell.open {
    vc = connect(work), name = "stdin",
    style = style.new(style.wanted(options.color, term.isatty(1), os.getenv)),
    write = function(s)
      io.stdout:write(s)
      io.stdout:flush()
    end,
  }
  return read_script(running)
end

return repl
