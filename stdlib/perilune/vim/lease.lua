--- Leases on the files of a virtual machine: what imports and exports hold while they transfer.
---
--- A lease ends when the server does not hear of it for some time, so a task reports progress as long as it is held.
--- It is completed if the work succeeds, and aborted on every other way out.
local err = require "perilune.err"
local fault = require "perilune.vim.fault"
local pool = require "perilune.vim.pool"
local scope = require "perilune.util.scope"
local task = require "perilune.c.task"

local FIRST_PAUSE, LONGEST_PAUSE = 0.02, 1 -- seconds, between two looks at a lease that is not ready
local BEAT_SECONDS = 10                    -- between two reports, unless the lease is shorter than three of them
local ABORT_SECONDS = 10                   -- for aborting, on the way out

local lease = {}

---@class perilune.vim.Lease
---@field ref userdata
---@field info table  HttpNfcLeaseInfo
---@field percent integer  as reported
---@field private connection perilune.vim.Connection
---@field private pools table<string, userdata>  to other hosts
local Lease = {}
Lease.__index = Lease

local function await_ready(self)
  local pause = FIRST_PAUSE
  while true do
    local state, info, problem = self.ref:get("state", "info", "error")
    if state == "ready" then
      self.info = info
      return
    elseif state == "error" then
      error(fault.error(problem, nil, { method = self.what, object = self.ref }), 0)
    elseif state == "done" then
      err.raise { code = "vim.session", message = ("the lease %s ended before it was used"):format(tostring(self.ref)) }
    end
    task.sleep(pause)
    pause = math.min(2 * pause, LONGEST_PAUSE)
  end
end

--- Tells the server, again and again, that somebody holds the lease.
local function beat(self)
  local every = math.min(BEAT_SECONDS, (self.info.leaseTimeout or 300) / 3)
  while true do
    task.sleep(every)
    self.ref:HttpNfcLeaseProgress { percent = self.percent }
  end
end

local function close(self)
  for _, connections in pairs(self.pools) do
    connections:close()
  end
  if self.ref and not self.is_completed then
    scope.shield(pcall, scope.timeout, ABORT_SECONDS, function() self.ref:HttpNfcLeaseAbort() end)
  end
end

local function work(self, fn)
  return scope.scope(function()
    await_ready(self)
    local keeper = scope.spawn(beat, self)
    local results = table.pack(fn(self))
    keeper:cancel()
    self.ref:HttpNfcLeaseProgress { percent = 100 }
    self.ref:HttpNfcLeaseComplete()
    self.is_completed = true
    return table.unpack(results, 1, results.n)
  end)
end

--- Makes a lease, calls fn(lease) once it is ready, and completes it; whatever else happens, it is aborted.
---@param connection perilune.vim.Connection
---@param what string  the method that makes it, for messages
---@param make fun(): userdata
---@param fn fun(lease: perilune.vim.Lease): ...
---@return any ...  what fn returned
function lease.hold(connection, what, make, fn)
  local self <close> = setmetatable({ -- luacheck: ignore 211
    connection = connection,
    what = what,
    percent = 0,
    pools = {},
  }, { __index = Lease, __close = close })
  scope.shield(function() self.ref = make() end) -- a cancellation now would leave one that nobody knows
  return work(self, fn)
end

--- The URL of a device, usable: a server says "*" for "where you are connected to".
---@param url string
---@return string
function Lease:url(url)
  local authority = self.connection.target.origin:match "^%a+://(.*)$"
  return (url:gsub("^(%a+://)%*(:?%d*)", function(scheme, port)
    return scheme .. (port ~= "" and authority:gsub(":%d+$", "") .. port or authority)
  end))
end

--- The pool for a URL: that of the connection, or one to the host that has the file, whose certificate the server has
--- vouched for.
local function pool_of(self, url, thumbprint)
  local target = self.connection.target
  if url:sub(1, #target.origin + 1) == target.origin .. "/" then
    return nil
  end
  local origin = url:match "^%a+://[^/]+"
  if not self.pools[origin] then
    local is_told = thumbprint and thumbprint ~= ""
    self.pools[origin] = pool.elsewhere(target, origin, {
      connections = 2,
      thumbprints = is_told and { thumbprint } or nil,
      thumbprint_source = is_told and "the lease" or nil,
    })
  end
  return self.pools[origin]
end

--- Sends a request for a device's file.
---@param device table  HttpNfcLeaseDeviceUrl
---@param request table  without its URL
---@return table response
function Lease:request(device, request)
  request.url = self:url(device.url)
  local connections = pool_of(self, request.url, device.sslThumbprint)
  if connections then
    return connections:request(request)
  end
  return self.connection:request("file", request)
end

return lease
