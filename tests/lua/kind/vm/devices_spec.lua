local devices = require "perilune.kind.vm.devices"
local t = require "tests.support.spec"

local GIB = 1024 ^ 3 // 1 | 0

local function types_of(list)
  local types = {}
  for i, change in ipairs(list) do
    types[i] = change.device._typeName
  end
  return types
end

t.test("a bus gets its controller once, before the disks on it", function()
  local changes = devices.changes()
  changes:add_disk({ size = GIB }, "scsi0:0", "ds")
  changes:add_disk({ size = GIB }, "scsi0:1", "ds")
  changes:add_disk({ size = GIB }, "scsi1:0", "ds")
  t.equal(types_of(changes.list),
    { "ParaVirtualSCSIController", "VirtualDisk", "VirtualDisk", "ParaVirtualSCSIController", "VirtualDisk" })
  t.equal(changes.list[2].device.controllerKey, changes.list[1].device.key)
  t.equal(changes.list[5].device.controllerKey, changes.list[4].device.key)
end)

t.test("new devices have negative keys, each its own", function()
  local changes, seen = devices.changes(), {}
  for i = 1, 20 do
    changes:add_disk({ size = GIB }, require("perilune.kind.vm.slots").at(i), "ds")
  end
  for _, change in ipairs(changes.list) do
    local key = change.device.key
    t.is_true(key < 0 and not seen[key])
    seen[key] = true
  end
end)

t.test("a controller that is there is used", function()
  local changes = devices.changes { buses = { [0] = { key = 1000 } } }
  changes:add_disk({ size = GIB }, "scsi0:3", "ds")
  t.equal(types_of(changes.list), { "VirtualDisk" })
  t.equal(changes.list[1].device.controllerKey, 1000)
end)

t.test("growing a disk sends it whole, both of its sizes changed alike", function()
  local changes = devices.changes()
  local disk = { _typeName = "VirtualDisk", key = 2000, capacityInKB = 1, backing = { fileName = "[ds] a.vmdk" } }
  changes:grow_disk(disk, 2 * GIB)
  t.equal(changes.list[1], {
    operation = "edit",
    device = {
      _typeName = "VirtualDisk", key = 2000, capacityInKB = 2 * GIB // 1024, capacityInBytes = 2 * GIB,
      backing = { fileName = "[ds] a.vmdk" },
    },
  })
  t.equal(disk.capacityInKB, 1)
end)

t.test("removing a disk destroys its file, unless it is to be kept", function()
  local changes = devices.changes()
  changes:remove({ _typeName = "VirtualDisk", key = 1 })
  changes:remove({ _typeName = "VirtualDisk", key = 2 }, true)
  changes:remove({ _typeName = "VirtualVmxnet3", key = 3 })
  local list = changes.list
  t.equal({ list[1].fileOperation, list[2].fileOperation, list[3].fileOperation }, { "destroy" })
end)
