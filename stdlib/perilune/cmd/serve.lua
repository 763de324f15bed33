--- perilune serve FILE: webhooks start runs.
local err = require "perilune.err"
local prompt = require "perilune.util.prompt"

local serve = {
  name = "serve",
  usage = "FILE [options]",
  summary = "Listen for webhooks and start what hooks.lua says for them.",
  arguments = { { name = "FILE", doc = "the hooks, a Lua file", optional = true } },
  options = { "store", "check", "hash_password" },
  examples = {
    { "serve hooks.lua --check", "all mistakes of the file; listens to nothing" },
    { "serve --hash-password", "asks for one; its hash is for pages { users = … }" },
    { "serve hooks.lua", "until SIGTERM; SIGHUP reads the file again" },
  },
  exits = "0 drained, 1 error",
}

local function check(path, shown)
  local found = require("perilune.serve.config").load(path, { env = os.getenv })
  for _, hook in ipairs(found.hooks) do
    shown:notice(("hook %q: %s, %s"):format(hook.name, hook.auth.name or "auth",
      type(hook.run) == "string" and hook.run or "a function"))
  end
  return 0
end

local function hash_password()
  local plain = prompt.secret "Password"
  if not plain or plain == "" then err.raise { code = "secret", where = false, message = "no password was given" } end
  print(require("perilune.serve.pages.password").hash(plain))
  return 0
end

---@param options table
---@param shown perilune.cmd.Output
---@return integer
function serve.main(options, shown)
  if options.hash_password then return hash_password() end
  if not options.file then
    err.raise { code = "usage", where = false, message = "perilune serve: which file?", hint = "perilune serve --help" }
  end
  if options.check then return check(options.file, shown) end
  local place = require "perilune.store.place"
  local directory = place.directory(os.getenv)
  local server = require("perilune.serve.server").open {
    file = options.file, store = options.store or place.file(os.getenv), state_directory = directory,
    log = require("perilune.serve.log").new(), env = os.getenv,
  }
  server:main()
  return 0
end

return serve
