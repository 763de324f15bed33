local change = require "perilune.plan.change"
local devices = require "perilune.kind.vm.devices"
local t = require "tests.support.spec"
local vm = require "perilune.kind.vm"

local GIB = 1024 ^ 3 // 1 | 0
local FOLDER = { path = "/DC0/vm/web", name = "web" }

local function disk(unit, size, controller)
  return {
    _typeName = "VirtualDisk", key = 2000 + unit, controllerKey = controller or 1000, unitNumber = unit,
    capacityInBytes = size, capacityInKB = size // 1024, backing = { fileName = "[ds] x.vmdk" },
  }
end

local function hardware()
  return {
    { _typeName = "ParaVirtualSCSIController", key = 1000, busNumber = 0 },
    disk(0, 20 * GIB),
    disk(1, 60 * GIB),
    {
      _typeName = "VirtualVmxnet3", key = 4000, unitNumber = 7,
      backing = { _typeName = "VirtualEthernetCardNetworkBackingInfo", deviceName = "web" },
    },
  }
end

local function actual(changes)
  local made = {
    cpus = 2, memory = 4 * GIB, annotation = "", guest_id = "debian12_64Guest", power = "on",
    extra_config = {}, devices = devices.sort(hardware()), tags = {}, change_version = "1",
  }
  for key, value in pairs(changes or {}) do
    made[key] = value
  end
  return made
end

--- The fields a body would make differ on a VM as above.
local function fields_of(body, live, entry)
  local fields, given = { disks = {}, nics = {}, tags = {}, extra_config = {} }, {}
  for key, value in pairs(body) do
    fields[key], given[key] = value, true
  end
  fields.folder = { entry = FOLDER }
  local node = {
    kind = vm, name = "web-01", label = 'vm "web-01"', fields = fields, given = given,
    entry = entry or { name = "web-01", parent = FOLDER, ref = "vm-1" }, actual = actual(live),
  }
  local context = { estate = {}, tag_changes = function() return {}, {} end }
  function context.estate.entry() return nil end
  function context.estate.all() return {} end
  local made = change.new(node, "update", context)
  vm.diff(node, made, context)
  return made.fields, made
end

t.test("says nothing about a VM that is as declared", function()
  t.equal(fields_of {
    cpus = 2, memory = 4 * GIB, power = "on", disks = { { size = 20 * GIB }, { size = 60 * GIB } },
    nics = { { network = { name = "web" }, type = "vmxnet3" } },
  }, {})
end)

t.test("leaves alone what is not mentioned", function()
  t.equal(fields_of({}, { cpus = 9, annotation = "by hand", power = "off" }), {})
end)

t.test("more memory needs a reboot without hot-add, and none with it or when off", function()
  local body = { memory = 8 * GIB }
  local field = fields_of(body)[1]
  t.equal({ field.old, field.new, field.word }, { "4 GiB", "8 GiB", "reboot" })
  t.match(field.hurt, "hot-add is off")
  t.equal(fields_of(body, { memory_hot_add = true })[1].note, "online")
  t.is_nil(fields_of(body, { power = "off" })[1].hurt)
end)

t.test("less memory needs a reboot even with hot-add", function()
  t.equal(fields_of({ memory = 2 * GIB }, { memory_hot_add = true })[1].word, "reboot")
end)

t.test("fewer cpus need hot-remove, more cpus hot-add", function()
  t.equal(fields_of({ cpus = 1 }, { cpu_hot_add = true })[1].word, "reboot")
  t.equal(fields_of({ cpus = 1 }, { cpu_hot_remove = true })[1].note, "online")
  t.equal(fields_of({ cpus = 4 }, { cpu_hot_add = true })[1].note, "online")
end)

t.test("a disk grows online, in its slot", function()
  local field = fields_of({ disks = { { size = 20 * GIB }, { size = 100 * GIB } } })[1]
  t.equal({ field.path, field.old, field.new, field.note }, { "disks[2]", "60 GiB", "100 GiB", "online" })
end)

t.test("a third disk is new; a named slot is compared with what is there", function()
  t.equal(fields_of({ disks = { { size = 20 * GIB }, { size = 60 * GIB }, { size = GIB } } })[1].path, "disks[3]")
  t.equal(fields_of({ disks = { { size = 60 * GIB, slot = "scsi0:1" } } }), {})
end)

t.test("removing a disk deletes its file unless it is kept", function()
  local field = fields_of({ disks = { { slot = "scsi0:1", absent = true } } })[1]
  t.equal({ field.word, field.hurt }, { "delete", "deletes 60 GiB" })
  t.is_nil(fields_of({ disks = { { slot = "scsi0:1", absent = true, keep_file = true } } })[1].word)
end)

t.test("a card on another network is reconnected, of another type replaced", function()
  local field = fields_of({ nics = { { network = { name = "db" } } } })[1]
  t.equal({ field.path, field.old, field.new }, { "nics[1].network", "web", "db" })
  t.equal(fields_of({ nics = { { network = { name = "web" }, type = "e1000e" } } })[1].word, "disconnect")
end)

t.test("powering off hurts, powering on does not", function()
  t.equal(fields_of({ power = "off" })[1].word, "poweroff")
  t.is_nil(fields_of({ power = "on" }, { power = "off" })[1].word)
end)

t.test("what needs the VM off costs no reboot when it is to be off anyway", function()
  local fields = fields_of { power = "off", memory = 8 * GIB }
  t.equal(fields[1].note, "after power off")
  t.is_nil(fields[1].word)
end)

t.test("a VM in another folder or of another name is moved, and nothing else", function()
  local elsewhere = { name = "web-1", parent = { path = "/DC0/vm/old" }, ref = "vm-1" }
  local fields, made = fields_of({}, nil, elsewhere)
  t.equal({ fields[1].path, fields[1].old, fields[1].new }, { "folder", "/DC0/vm/old", "/DC0/vm/web" })
  t.equal({ fields[2].path, fields[2].old, fields[2].new }, { "name", "web-1", "web-01" })
  t.is_true(made:only_moves())
end)

local function problem_of(body, live)
  local fields, given = { disks = {}, nics = {}, tags = {}, extra_config = {} }, {}
  for key, value in pairs(body) do
    fields[key], given[key] = value, true
  end
  local row = {
    ["config.hardware.numCPU"] = 2, ["config.hardware.memoryMB"] = 4096, ["runtime.powerState"] = "poweredOn",
    ["config.hardware.device"] = live,
  }
  local facts = { of = function() return row end, tags_on = function() return {} end }
  local node = { fields = fields, given = given, entry = { ref = "vm-1", props = {} } }
  return select(2, vm.actual(node, facts, { owner = "team", tags_problem = function() end }))
end

t.test("a disk never shrinks", function()
  t.match(problem_of({ disks = { { size = GIB } } }, hardware()), "cannot shrink; it is 20 GiB, not 1 GiB")
end)

t.test("two disks cannot sit in one slot", function()
  t.match(problem_of({ disks = { { size = 20 * GIB }, { size = GIB, slot = "scsi0:0" } } }, hardware()),
    "disks[1] and disks[2] are both at scsi0:0")
end)

t.test("an adopted VM whose disks sit elsewhere is refused with its slots", function()
  local live = { { _typeName = "ParaVirtualSCSIController", key = 1000, busNumber = 0 }, disk(3, 20 * GIB) }
  local problem = problem_of({ disks = { { size = 20 * GIB } } }, live)
  t.match(problem, "disks[1] would be a new disk at scsi0:0")
  t.match(problem, "scsi0:3  20 GiB")
end)
