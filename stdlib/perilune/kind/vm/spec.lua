--- The API's specs for a VM: VirtualMachineConfigSpec for making and changing it.
local devices = require "perilune.kind.vm.devices"
local marker = require "perilune.kind.vm.marker"
local slots = require "perilune.kind.vm.slots"

local spec = {}

local function option_values(map)
  local keys, list = {}, {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  for i, key in ipairs(keys) do
    list[i] = { key = key, value = map[key] }
  end
  return list
end

local function new_devices(node, estate)
  local changes = devices.changes()
  for i, disk in ipairs(node.fields.disks) do
    if not disk.absent then changes:add_disk(disk, disk.slot or slots.at(i), node.fields.datastore.name) end
  end
  for _, nic in ipairs(node.fields.nics) do
    if not nic.absent then changes:add_card(nic, estate) end
  end
  return changes.list
end

--- The spec that makes a VM. Its instance UUID is chosen here, so that the marker can name it.
---@param owner string?  of the playbook
---@param instance_uuid string
function spec.create(node, owner, instance_uuid, estate)
  local fields = node.fields
  local extra = {}
  for key, value in pairs(fields.extra_config) do
    extra[key] = value
  end
  if owner then extra[marker.KEY] = marker.value(owner, instance_uuid) end
  return {
    name = node.name,
    instanceUuid = instance_uuid,
    guestId = fields.guest_id or "otherGuest64",
    files = { vmPathName = ("[%s]"):format(fields.datastore.name) },
    numCPUs = fields.cpus,
    memoryMB = devices.mebibytes(fields.memory),
    annotation = fields.annotation ~= "" and fields.annotation or nil,
    extraConfig = option_values(extra),
    deviceChange = new_devices(node, estate),
  }
end

local function change_disk(changes, node, i, disk, datastore_name)
  local slot = disk.slot or slots.at(i)
  local present = node.actual.devices.disks[slot]
  if disk.absent then
    if present then changes:remove(present, disk.keep_file) end
  elseif not present then
    changes:add_disk(disk, slot, datastore_name)
  elseif disk.size > devices.size(present) then
    changes:grow_disk(present, disk.size)
  end
end

local function change_nic(changes, node, i, nic, estate)
  local card = node.actual.devices.cards[i]
  if nic.absent then
    if card then changes:remove(card) end
  elseif not card then
    changes:add_card(nic, estate)
  elseif nic.type and devices.card_type(card) ~= nic.type then
    changes:remove(card)
    changes:add_card(nic, estate)
  elseif not devices.is_on(card, nic.network, estate) then
    changes:connect_card(card, nic.network, estate)
  end
end

--- New disks go where the VM's first one is, unless the playbook names a datastore.
local function datastore_name(node)
  if node.fields.datastore then return node.fields.datastore.name end
  for _, disk in pairs(node.actual.devices.disks) do
    local name = (disk.backing.fileName or ""):match "^%[(.-)%]"
    if name then return name end
  end
  return ""
end

local function device_changes(node, estate)
  local changes = devices.changes(node.actual.devices)
  local datastore = datastore_name(node)
  for i, disk in ipairs(node.fields.disks) do
    change_disk(changes, node, i, disk, datastore)
  end
  for i, nic in ipairs(node.fields.nics) do
    change_nic(changes, node, i, nic, estate)
  end
  return changes.list
end

--- Fields of the playbook that ReconfigVM_Task changes, and how.
local SETTERS = {
  cpus = function(made, node) made.numCPUs = node.fields.cpus end,
  memory = function(made, node) made.memoryMB = devices.mebibytes(node.fields.memory) end,
  guest_id = function(made, node) made.guestId = node.fields.guest_id end,
  annotation = function(made, node) made.annotation = node.fields.annotation end,
}

local function extra_config_changes(node)
  local changed = {}
  for key, value in pairs(node.fields.extra_config) do
    if tostring(node.actual.extra_config[key] or "") ~= value then changed[key] = value end
  end
  return option_values(changed)
end

--- The spec that changes a VM to what differs; nil when ReconfigVM_Task has nothing to do.
--- It carries the changeVersion it was made from.
function spec.reconfigure(node, change, estate)
  local made = { extraConfig = extra_config_changes(node), deviceChange = device_changes(node, estate) }
  for _, field in ipairs(change.fields) do
    local set = SETTERS[field.path]
    if set then set(made, node) end
  end
  if #made.extraConfig == 0 then made.extraConfig = nil end
  if #made.deviceChange == 0 then made.deviceChange = nil end
  if next(made) == nil then return nil end
  made.changeVersion = node.actual.change_version
  return made
end

return spec
