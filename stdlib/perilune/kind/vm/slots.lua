--- Where a VM's disks sit: "scsi0:2" is bus 0, unit 2 of the SCSI controllers.
local slots = {}

--- A SCSI controller has units 0 to 15, and keeps 7 for itself
--- (VirtualSCSIController.scsiCtlrUnitNumber in the API reference).
local UNITS, RESERVED, BUSES = 16, 7, 4
local PER_BUS = UNITS - 1

---@class perilune.kind.Slot
---@field bus integer
---@field unit integer

--- The slot of the i-th disk of a list, counted from scsi0:0; nil past the last.
---@param i integer
---@return string?
function slots.at(i)
  local bus, unit = (i - 1) // PER_BUS, (i - 1) % PER_BUS
  if bus >= BUSES then return nil end
  return slots.name("scsi", bus, unit >= RESERVED and unit + 1 or unit)
end

---@return string
function slots.name(family, bus, unit)
  return ("%s%d:%d"):format(family, bus, unit)
end

--- Bus and unit of a SCSI slot; nil and what is wrong with it.
---@param name string
---@return perilune.kind.Slot?, string? problem
function slots.parse(name)
  local bus, unit = name:match "^scsi(%d):(%d%d?)$"
  bus, unit = math.tointeger(tonumber(bus)), math.tointeger(tonumber(unit))
  if not bus or bus >= BUSES or unit >= UNITS then
    return nil, ('%q is no slot; write "scsi0:0" to "scsi3:15"'):format(name)
  elseif unit == RESERVED then
    return nil, ("%q is the controller's own unit"):format(name)
  end
  return { bus = bus, unit = unit }
end

--- For schema.string():check.
function slots.problem(name)
  return select(2, slots.parse(name))
end

return slots
