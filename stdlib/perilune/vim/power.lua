--- Shutting a VM down: its guest is asked first, and given time.
local method = require "perilune.vim.method"
local object = require "perilune.vim.object"
local scope = require "perilune.util.scope"

local power = {}

--- Seconds for destroying the collector that watched.
local FREE_SECONDS = 2

local function filter_of(vm)
  return {
    propSet = { { type = "VirtualMachine", all = false, pathSet = { "runtime.powerState" } } },
    objectSet = { { obj = vm, skip = false } },
  }
end

local function state_in(set)
  for _, filter in ipairs(set and set.filterSet or {}) do
    for _, update in ipairs(filter.objectSet or {}) do
      for _, change in ipairs(update.changeSet or {}) do
        if change.name == "runtime.powerState" then return change.val end
      end
    end
  end
end

--- Hears of the power state until it is off. The server tells; nothing is polled.
local function watch_until_off(connection, own)
  local version, state = "", nil
  while state ~= "poweredOff" do
    local set = method.call(connection, own, "WaitForUpdatesEx", { version = version, options = {} }, { stall = 3600 })
    version = set and set.version or version
    state = state_in(set) or state
  end
end

--- Whether a VM is off within some seconds.
local function is_off_within(vm, seconds)
  local connection = object.connection(vm)
  local own = method.call(connection, connection.content.propertyCollector, "CreatePropertyCollector")
  local function free()
    pcall(scope.timeout, FREE_SECONDS, method.call, connection, own, "DestroyPropertyCollector")
  end
  local freeing <close> = setmetatable({}, { __close = free }) -- luacheck: ignore 211
  method.call(connection, own, "CreateFilter", { spec = filter_of(vm), partialUpdates = false })
  return (pcall(scope.timeout, seconds, watch_until_off, connection, own))
end

--- Ends a running VM: by its guest where VMware Tools run there, else, or when the time is over, by power off.
---@param vm userdata
---@param seconds number  that the guest may take
---@param report fun(percent: integer?, detail: string?)
function power.shut_down(vm, seconds, report)
  local state, tools = vm:get("runtime.powerState", "guest.toolsRunningStatus")
  if state == "poweredOff" then return end
  if state == "poweredOn" and tools == "guestToolsRunning" then
    report(nil, "shutting down guest")
    vm:ShutdownGuest()
    if is_off_within(vm, seconds) then return end
  end
  report(nil, "powering off")
  vm:PowerOffVM_Task():await()
end

return power
