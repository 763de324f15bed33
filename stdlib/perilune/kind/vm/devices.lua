--- A VM's devices: what the hardware list says, and the changes that make disks and network cards.
local schema = require "perilune.c.schema"
local slots = require "perilune.kind.vm.slots"

local devices = {}

local KIB, MIB = 1024, 1024 * 1024

--- Controllers that hold disks, by what their slots are called.
local FAMILIES = {
  { base = "VirtualSCSIController", family = "scsi" },
  { base = "VirtualSATAController", family = "sata" },
  { base = "VirtualNVMEController", family = "nvme" },
  { base = "VirtualIDEController", family = "ide" },
}

--- What a playbook calls network cards.
local CARDS = {
  vmxnet3 = "VirtualVmxnet3",
  vmxnet2 = "VirtualVmxnet2",
  e1000e = "VirtualE1000e",
  e1000 = "VirtualE1000",
  pcnet32 = "VirtualPCNet32",
  sriov = "VirtualSriovEthernetCard",
}

local CARD_NAMES = {}
for name, type_name in pairs(CARDS) do
  CARD_NAMES[type_name] = name
end

--- Names of network cards a playbook can ask for.
devices.CARD_TYPES = { "e1000", "e1000e", "vmxnet3" }

local function class_of(type_name)
  local class = {
    is_disk = schema.is_a(type_name, "VirtualDisk"),
    is_card = schema.is_a(type_name, "VirtualEthernetCard"),
  }
  for _, known in ipairs(FAMILIES) do
    if schema.is_a(type_name, known.base) then class.family = known.family end
  end
  return class
end

--- What devices are, by their types: a few, of thousands of devices.
local classes = setmetatable({}, {
  __index = function(self, type_name)
    self[type_name] = class_of(type_name)
    return self[type_name]
  end,
})

local NO_CLASS = {}

local function class(device)
  return device._typeName and classes[device._typeName] or NO_CLASS
end

local function by_unit(a, b)
  local left, right = a.unitNumber or a.key, b.unitNumber or b.key
  if left ~= right then return left < right end
  return a.key < b.key
end

---@class perilune.kind.Devices
---@field disks table<string, table>  slot → VirtualDisk as read
---@field cards table[]               VirtualEthernetCards, by slot
---@field buses table<integer, table> SCSI bus → its controller

--- Sorts config.hardware.device into disks by slot, network cards in order and SCSI buses.
---@param list table[]
---@return perilune.kind.Devices
function devices.sort(list)
  local sorted = { disks = {}, cards = {}, buses = {} }
  local controllers = {}
  for _, device in ipairs(list) do
    local family = class(device).family
    if family then controllers[device.key] = { family = family, device = device } end
    if family == "scsi" then sorted.buses[device.busNumber] = device end
  end
  for _, device in ipairs(list) do
    local above = controllers[device.controllerKey or false]
    if above and class(device).is_disk then
      sorted.disks[slots.name(above.family, above.device.busNumber, device.unitNumber)] = device
    elseif class(device).is_card then
      sorted.cards[#sorted.cards + 1] = device
    end
  end
  table.sort(sorted.cards, by_unit)
  return sorted
end

--- Bytes of a VirtualDisk as read.
function devices.size(disk)
  return disk.capacityInBytes or disk.capacityInKB * KIB
end

--- What a playbook calls a card as read; an unknown make keeps the API's name.
function devices.card_type(card)
  return CARD_NAMES[card._typeName] or card._typeName
end

local function backing_of(network, estate)
  local entry = network.entry
  local type_name = entry and entry.type or "Network"
  if type_name == "DistributedVirtualPortgroup" then
    local switch = estate:entry(entry.props["config.distributedVirtualSwitch"])
    return {
      _typeName = "VirtualEthernetCardDistributedVirtualPortBackingInfo",
      port = { switchUuid = switch.props.uuid, portgroupKey = entry.props.key },
    }
  elseif type_name == "OpaqueNetwork" then
    local summary = entry.props.summary
    return {
      _typeName = "VirtualEthernetCardOpaqueNetworkBackingInfo",
      opaqueNetworkId = summary.opaqueNetworkId,
      opaqueNetworkType = summary.opaqueNetworkType,
    }
  end
  return { _typeName = "VirtualEthernetCardNetworkBackingInfo", deviceName = network.name }
end

--- The name of the network a card as read is on.
function devices.network_name(card, estate)
  local backing = card.backing
  local entry = estate:entry(backing.network)
  if entry then return entry.name end
  entry = backing.port and estate:with("DistributedVirtualPortgroup", "key", backing.port.portgroupKey)
  if entry then return entry.name end
  return backing.deviceName or backing.opaqueNetworkId or "an unknown network"
end

--- Whether a card as read is connected to a network. A card names a standard port group, and its host knows
--- the port group of that name; so it is the name that counts there, as it is now.
function devices.is_on(card, network, estate)
  local wanted, backing = backing_of(network, estate), card.backing
  if wanted._typeName ~= backing._typeName then return false end
  if wanted.port then
    local is, shall = backing.port, wanted.port
    return is.portgroupKey == shall.portgroupKey and is.switchUuid == shall.switchUuid
  elseif wanted.opaqueNetworkId then
    return backing.opaqueNetworkId == wanted.opaqueNetworkId
  end
  return devices.network_name(card, estate) == wanted.deviceName
end

--- Makes device changes with keys of their own: new devices have unique negative ones.
---@class perilune.kind.DeviceChanges
local Changes = {}
Changes.__index = Changes

---@param sorted perilune.kind.Devices?  of the VM as it is; nil for a new one
function devices.changes(sorted)
  return setmetatable({ list = {}, last_key = 0, buses = {}, sorted = sorted or { buses = {} } }, Changes)
end

function Changes:key()
  self.last_key = self.last_key - 1
  return self.last_key
end

--- The key of a SCSI controller; a bus without one gets a paravirtual one in the same call, before its disks.
function Changes:controller(bus)
  local present = self.sorted.buses[bus]
  if present then return present.key end
  if not self.buses[bus] then
    self.buses[bus] = self:key()
    self.list[#self.list + 1] = {
      operation = "add",
      device = {
        _typeName = "ParaVirtualSCSIController",
        key = self.buses[bus],
        busNumber = bus,
        sharedBus = "noSharing",
      },
    }
  end
  return self.buses[bus]
end

--- A new, empty disk.
---@param disk table  a playbook's disk: size, thin
---@param slot string
---@param datastore_name string
function Changes:add_disk(disk, slot, datastore_name)
  local place = slots.parse(slot)
  local controller_key = self:controller(place.bus) -- adds to the list itself, so before the disk does
  self.list[#self.list + 1] = {
    operation = "add",
    fileOperation = "create",
    device = {
      _typeName = "VirtualDisk",
      controllerKey = controller_key,
      unitNumber = place.unit,
      key = self:key(),
      capacityInKB = disk.size // KIB,
      capacityInBytes = disk.size,
      backing = {
        _typeName = "VirtualDiskFlatVer2BackingInfo",
        fileName = ("[%s]"):format(datastore_name),
        diskMode = "persistent",
        thinProvisioned = disk.thin ~= false,
      },
    },
  }
end

local function copy(value)
  local made = {}
  for key, inner in pairs(value) do
    made[key] = inner
  end
  return made
end

--- An edit sends the whole device as read, with the change.
function Changes:edit(device, fields)
  local edited = copy(device)
  for key, value in pairs(fields) do
    edited[key] = value
  end
  self.list[#self.list + 1] = { operation = "edit", device = edited }
end

--- Capacity stands in two fields that must agree (VirtualDisk.capacityInBytes in the reference).
function Changes:grow_disk(device, size)
  self:edit(device, { capacityInKB = size // KIB, capacityInBytes = size })
end

--- Takes a device out of the VM; a disk's file goes too unless it is to be kept.
function Changes:remove(device, keep_file)
  local destroys = not keep_file and class(device).is_disk
  self.list[#self.list + 1] =
    { operation = "remove", fileOperation = destroys and "destroy" or nil, device = device }
end

--- A new network card.
function Changes:add_card(nic, estate)
  self.list[#self.list + 1] = {
    operation = "add",
    device = {
      _typeName = CARDS[nic.type or "vmxnet3"],
      key = self:key(),
      backing = backing_of(nic.network, estate),
      connectable = { startConnected = true, allowGuestControl = true, connected = true },
      addressType = nic.mac and "manual" or "generated",
      macAddress = nic.mac,
      wakeOnLanEnabled = true,
    },
  }
end

function Changes:connect_card(card, network, estate)
  self:edit(card, { backing = backing_of(network, estate) })
end

--- Memory as the API counts it.
function devices.mebibytes(bytes)
  return bytes // MIB
end

return devices
