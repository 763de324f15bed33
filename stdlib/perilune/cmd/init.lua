--- The command line: the function that runs as the program's root task.
local err = require "perilune.err"
local options = require "perilune.cmd.options"
local output = require "perilune.cmd.output"
local scope = require "perilune.util.scope"

local cmd = {}

--- One module each, perilune.cmd.<name>, that returns a perilune.cmd.Command.
local commands = {
  { "plan", "what a playbook would change, field by field" },
  { "apply", "change it, in parallel, and check that it is so" },
  { "destroy", "remove what a playbook made" },
  { "validate", "all mistakes of a playbook, without a server" },
  { "run", "a Lua script, with the whole vSphere API" },
  { "repl", "an interactive shell, with live objects" },
  { "eval", "one expression of it, for pipelines" },
  { "target", "the servers that are defined; trust the certificate of one" },
  { "serve", "webhooks start playbooks: signed, queued, retried, recorded" },
  { "runs", "what the webhooks' runs did and do" },
  { "queue", "what waits; cancel, replay, approve, reject" },
  { "doc", "kinds, their fields, and every type and method of the API" },
  { "version", "what this program is made of" },
}

--- Those that no person types.
local hidden = { "job" }

local function help()
  local lines = { "perilune COMMAND [options]", "" }
  for _, command in ipairs(commands) do lines[#lines + 1] = ("  %-10s %s"):format(command[1], command[2]) end
  lines[#lines + 1] = "\nperilune COMMAND --help tells about one; perilune doc lists the kinds of resources."
  return table.concat(lines, "\n") .. "\n"
end

local helps = { help = true, ["-h"] = true, ["--help"] = true }
local versions = { ["-V"] = true, ["--version"] = true }

local function find(name)
  local names = {}
  for i, command in ipairs(commands) do
    names[i] = command[1]
    if name == command[1] then return require("perilune.cmd." .. name) end
  end
  for _, other in ipairs(hidden) do
    if name == other then return require("perilune.cmd." .. name) end
  end
  err.raise {
    code = "usage", where = false,
    message = name and ("perilune has no command '%s'"):format(name) or "perilune needs a command",
    hint = name and err.suggest(name, names) or "perilune --help lists the commands",
  }
end

-- Runs a command; its own arguments come after its name. `face.output` is where errors are shown, too.
local function dispatch(arguments, face)
  local name, rest = arguments[1], { table.unpack(arguments, 2) }
  if helps[name] and not rest[1] then
    io.stdout:write(help())
    return 0
  elseif versions[name] then
    name = "version"
  elseif name == "help" then
    name, rest = rest[1], { "--help" }
  end
  local command = find(name)
  local parsed = (command.parse or options.parse)(command, rest)
  if not parsed then
    io.stdout:write(options.help(command))
    return 0
  end
  face.output = output.new(parsed, name)
  return command.main(parsed, face.output)
end

---@param arguments string[]  as C's argv: the program at 0
---@return integer  exit code
function cmd.main(arguments)
  local face = {}
  local ok, result = xpcall(scope.scope, err.wrap, dispatch, arguments, face)
  if ok then return result end
  face.output = face.output or output.new({}, "")
  face.output:error(result)
  return err.exit_code(result)
end

return cmd
