--- A virtual machine.
---
--- Its parts: vm/identity.lua finds it, vm/diff.lua compares, vm/spec.lua builds the API's specs,
--- vm/steps.lua orders the calls; vm/slots.lua, vm/devices.lua and vm/marker.lua serve these.
local api = require "perilune.c.schema"
local devices = require "perilune.kind.vm.devices"
local diff = require "perilune.kind.vm.diff"
local err = require "perilune.err"
local identity = require "perilune.kind.vm.identity"
local schema = require "perilune.schema"
local slots = require "perilune.kind.vm.slots"
local steps = require "perilune.kind.vm.steps"

local MIB = 1024 * 1024

local function memory_problem(bytes)
  if bytes % (4 * MIB) ~= 0 then return "must be a multiple of 4 MiB" end
end

local guests -- set of the guest ids of the API, made at its first use

local function guest_problem(id)
  if not guests then
    guests = {}
    for _, member in ipairs(api.type("VirtualMachineGuestOsIdentifier").members) do guests[member] = true end
  end
  if guests[id] then return nil end
  local near = err.nearest(id, guests)
  return "is no guest id of the API" .. (near and ("; did you mean %q?"):format(near) or "")
end

local function disk_problem(disk)
  if disk.absent then
    if not disk.slot then return "to remove a disk, name its slot" end
  elseif not disk.size then
    return "needs a size"
  end
end

local function nic_problem(nic)
  if not nic.absent and not nic.network then return "needs a network" end
end

local function mac_problem(mac)
  if mac:match "^%x%x:%x%x:%x%x:%x%x:%x%x:%x%x$" then return nil end
  return 'is no MAC address; write "00:50:56:00:00:01"'
end

local function tag_problem(name)
  if not name:match "^[^:]+:.+$" then return 'is no tag; write "category:tag"' end
end

local disk = schema.record {
  size = schema.size("GiB"):example "20GiB":doc "grows online, never shrinks",
  thin = schema.boolean():create_only():doc "thin provisioned; true unless you say false",
  slot = schema.string():check(slots.problem):example "scsi1:2"
    :doc "where it sits; else by its place in the list",
  absent = schema.boolean():doc "true: remove it (with its slot)",
  keep_file = schema.boolean():doc "with absent: detach, and leave the file on the datastore",
}:check(disk_problem)

local nic = schema.record {
  network = schema.ref { "network", "portgroup" }:doc "what it is connected to",
  type = schema.enum(devices.CARD_TYPES):doc "vmxnet3 unless you say otherwise",
  mac = schema.string():check(mac_problem):create_only():doc "a fixed MAC address; else vCenter gives one",
  absent = schema.boolean():doc "true: remove it",
}:check(nic_problem)

local vm = {
  name = "vm",
  doc = "A virtual machine.",
  types = { "VirtualMachine" },
  attributes = {},
  fields = schema.record {
    folder = schema.ref { "folder" }:doc "where it lies; the datacenter's own VM folder when not given",
    datacenter = schema.ref { "datacenter" }:doc "needed only where pool, host and datastore do not tell",
    pool = schema.ref { "resource_pool" }:doc "the resource pool it runs in",
    host = schema.ref { "host" }:create_only():doc "the host it is made on; DRS may move it afterwards",
    datastore = schema.ref { "datastore" }:create_only():doc "where its files are made",
    guest_id = schema.string():check(guest_problem):example "debian12_64Guest"
      :doc "VirtualMachineGuestOsIdentifier of the API; otherGuest64 unless you say otherwise",
    cpus = schema.integer(1, 960):default(1):doc "virtual CPUs",
    memory = schema.size("MiB"):default(1024 * MIB):check(memory_problem):example "4GiB"
      :doc "memory, a multiple of 4 MiB",
    disks = schema.list(disk):default {}
      :doc "disks[i] is the i-th slot from scsi0:0; others stay as they are",
    nics = schema.list(nic):default {}
      :doc "nics[i] is the i-th network card; others stay as they are",
    annotation = schema.string():default "":doc "the notes of the VM",
    extra_config = schema.map(schema.string()):default {}
      :doc "advanced settings; an empty string removes a key",
    tags = schema.list(schema.string():check(tag_problem)):default {}:example "tier:web"
      :doc "tags it has, as category:tag; others stay as they are",
    power = schema.enum { "on", "off" }:doc "not given: a new VM stays off, an existing one is left alone",
    was = schema.string():doc "its inventory path so far: it is moved and renamed instead of made anew",
    uuid = schema.string():doc "its instance UUID, where its name does not tell which VM is meant",
    twin = schema.boolean():doc "true: another VM of that name elsewhere in the datacenter is fine",
  },
}

--- Two VMs of one name in different folders are two resources.
function vm.scope(fields)
  local folder = fields.folder
  return type(folder) == "string" and folder or tostring(folder)
end

vm.identify = identity.find
vm.place = identity.place

--- Tags that the playbook makes come first.
function vm.implied(node, context)
  local list = {}
  for _, name in ipairs(node.fields.tags) do
    local category, tag = name:match "^([^:]+):(.+)$"
    list[#list + 1] = context.declared("tag_category", category)
    list[#list + 1] = context.declared("tag", tag, category)
  end
  return list
end

local PATHS = {
  "config.annotation", "config.changeVersion", "config.cpuHotAddEnabled", "config.cpuHotRemoveEnabled",
  "config.guestId", "config.hardware.device", "config.hardware.memoryMB", "config.hardware.numCPU",
  "config.memoryHotAddEnabled", "resourcePool", "runtime.powerState",
}

function vm.needs(node, reads)
  for _, name in ipairs(node.fields and node.fields.tags or {}) do
    reads:category(name:match "^[^:]+")
  end
  if not node.entry then return end
  reads:properties(node.entry.ref, "VirtualMachine", PATHS)
  for key in pairs(node.fields and node.fields.extra_config or {}) do
    reads:properties(node.entry.ref, "VirtualMachine", { ("config.extraConfig[%q].value"):format(key) })
  end
  if node.fields and #node.fields.tags > 0 then reads:attached(node.entry.ref) end
end

vm.actual = diff.actual
vm.describe = diff.describe
vm.diff = diff.diff
vm.steps = steps.make
vm.remove = steps.remove

function vm.exists(node)
  return node.entry ~= nil
end

function vm.holds()
  return {}
end

return vm
