--- Shutting a VM down: its guest is asked first, and given time. The server tells when it is off.
local err = require "perilune.err"
local fault = require "perilune.vim.fault"
local object = require "perilune.vim.object"
local watched = require "perilune.vim.watched"

---@class perilune.vim.PowerWatch: perilune.vim.Watched
---@field state string?
local PowerWatch = watched.class()

local power = {}

function PowerWatch:is_ended()
  return self.state == "poweredOff"
end

function PowerWatch:see(changes)
  for _, change in ipairs(changes) do
    if change.name == "runtime.powerState" then
      self.state = change.val
      self:news()
    end
  end
end

--- What is heard of a VM's power: shared by all that wait for it.
local function watch_of(vm)
  local connection = object.connection(vm)
  local watch = connection.watches[vm]
  if not watch then
    watch = watched.new(PowerWatch, { connection = connection, ref = vm })
    connection.watches[vm] = watch
  end
  watch.state = nil -- the VM runs: an end that was seen before is another one
  return watch
end

--- Whether a VM is off within some seconds.
local function is_off_within(vm, seconds)
  local watch = watch_of(vm)
  watch:follow(seconds)
  if watch.failure then
    error(watch.failure, 0)
  end
  return watch:is_ended()
end

--- Calls fn; that the VM is off already, by somebody else's doing, is as good.
local function unless_off(fn)
  local ok, e = pcall(fn)
  if not ok and not (err.is(e) and fault.is(e.fault, "InvalidPowerState")) then
    error(e, 0)
  end
end

--- Ends a running VM: by its guest where VMware Tools run there, else, or when the time is over, by power off.
---@param vm userdata
---@param seconds number  that the guest may take
---@param report fun(percent: integer?, detail: string?)
function power.shut_down(vm, seconds, report)
  local state, tools = vm:get("runtime.powerState", "guest.toolsRunningStatus")
  if state == "poweredOff" then
    return
  elseif state == "poweredOn" and tools == "guestToolsRunning" then
    report(nil, "shutting down guest")
    unless_off(function() vm:ShutdownGuest() end)
    if is_off_within(vm, seconds) then
      return
    end
  end
  report(nil, "powering off")
  unless_off(function() vm:PowerOffVM_Task():await() end)
end

return power
