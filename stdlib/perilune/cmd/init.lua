--- The command line: the function that runs as the program's root task.
local err = require "perilune.err"
local scope = require "perilune.util.scope"

local cmd = {}

--- One module each, perilune.cmd.<name>, whose main(arguments) returns the exit code.
local commands = { "run", "version" }

local function usage(name)
  err.raise {
    code = "usage",
    where = false,
    message = name and ("there is no command %q"):format(name) or "a command is needed",
    hint = (name and err.suggest(name, commands)) or "perilune " .. table.concat(commands, "|"),
  }
end

local function dispatch(arguments)
  local name = arguments[1]
  for _, known in ipairs(commands) do
    if name == known then
      return require("perilune.cmd." .. name).main({ table.unpack(arguments, 2) })
    end
  end
  usage(name)
end

---@param arguments string[]  as C's argv: the program at 0
---@return integer  exit code
function cmd.main(arguments)
  local ok, result = xpcall(scope.scope, err.wrap, dispatch, arguments)
  if ok then return result or 0 end
  io.stderr:write(err.format(result), "\n")
  return err.exit_code(result)
end

return cmd
