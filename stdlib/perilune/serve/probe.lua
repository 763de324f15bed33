--- Whether a target answers: one small request that needs no login.
local pool = require "perilune.vim.pool"
local targets = require "perilune.vim.target"

local probe = {}

local SECONDS = 10

--- Raises what is wrong with the way to the target; `target` is the name of the breaker.
---@param name string
---@param env fun(name: string): string?
function probe.ask(name, env)
  local found = targets.find { name = name ~= "default" and name or nil, env = env, bare = true }
  local connections <close> = pool.open(found, { stall_timeout = SECONDS, connect_timeout = SECONDS, connections = 1 })
  local response <close> = connections:request {
    url = found.url .. "/vimServiceVersions.xml", method = "GET", idempotent = true, max_body = 1 << 20,
    timeout = SECONDS,
  }
  response:text()
end

return probe
