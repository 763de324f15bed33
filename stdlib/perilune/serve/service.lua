--- The service manager, systemd: what it is told, and the sockets it passes on.
local process = require "perilune.c.process"

---@class perilune.serve.Service
---@field private env fun(name: string): string?
local Service = {}
Service.__index = Service

local service = {}

---@param env fun(name: string): string?
---@return perilune.serve.Service
function service.new(env)
  return setmetatable({ env = env }, Service)
end

--- Tells it a state, "READY=1"; nothing where nobody asked for that.
---@param state string
function Service:notify(state)
  local address = self.env "NOTIFY_SOCKET"
  if address and address ~= "" then process.notify(address, state) end
end

--- Descriptors of the sockets that are ours.
---@return integer[]
function Service:sockets()
  local count = math.tointeger(tonumber(self.env "LISTEN_FDS" or ""))
  local is_ours = math.tointeger(tonumber(self.env "LISTEN_PID" or "")) == process.pid()
  return count and is_ours and process.adopt(count) or {}
end

return service
