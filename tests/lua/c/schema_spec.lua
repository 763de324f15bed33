--- Descriptions of the API's types, methods and property paths.
local t = require "tests.support.spec"
local schema = require "perilune.c.schema"

local function field(type, name)
  for _, f in ipairs(schema.type(type).fields) do
    if f.name == name then return f end
  end
end

t.test("describes data types with all their fields, those of the bases first", function()
  local disk = schema.type "VirtualDisk"
  t.equal({ disk.kind, disk.name, disk.base, disk.since }, { "data", "VirtualDisk", "VirtualDevice", "2.0" })
  t.equal(disk.fields[1], { name = "key", type = "int", since = "2.0", owner = "VirtualDevice" })
  t.equal(disk.fields[#disk.fields - disk.own + 1].name, "capacityInKB")
  t.equal(field("VirtualDisk", "iofilter"),
    { name = "iofilter", type = "string", array = true, optional = true, since = "6.0",
      owner = "VirtualDisk" })
  t.is_true(field("NamePasswordAuthentication", "password").secret)
end)

t.test("describes enums with their members", function()
  local power = schema.type "VirtualMachinePowerState"
  t.equal({ power.kind, power.members }, { "enum", { "poweredOff", "poweredOn", "suspended" } })
end)

t.test("describes managed types with properties and methods, inherited ones too", function()
  local folder = schema.type "Folder"
  t.equal(folder.kind, "managed")
  t.equal(field("Folder", "childEntity"), {
    name = "childEntity", type = "ManagedEntity", array = true, optional = true, since = "2.0",
    privilege = "System.View", owner = "Folder",
  })
  local names = table.concat(folder.methods, " ")
  t.match(names, "CreateVM_Task")
  t.match(names, "Destroy_Task")
end)

t.test("describes methods: parameters, result, task, privilege, faults, version", function()
  local create = schema.method("Folder", "CreateVM_Task")
  t.equal({ create.owner, create.is_task, create.privilege, create.since },
    { "Folder", true, "VirtualMachine.Inventory.Create", "2.0" })
  t.equal({ create.result, create.task_result }, { { type = "Task" }, { type = "VirtualMachine" } })
  t.equal(create.params[2],
    { name = "pool", type = "ResourcePool", since = "2.0", privilege = "Resource.AssignVMToPool" })
  t.equal(create.faults[1], "VmConfigFault")
  t.equal(schema.method("VirtualMachine", "Destroy_Task").owner, "ManagedEntity")
  t.is_nil(schema.method("SessionManager", "Logout").result)
end)

t.test("offers the nearest name for one it lacks", function()
  local nothing, near = schema.type "VirtualDisc"
  t.equal({ nothing, near }, { nil, "VirtualDisk" })
  nothing, near = schema.method("VirtualMachine", "PowerOnVM")
  t.is_nil(nothing)
  t.is_nil(near)
  nothing, near = schema.method("VirtualMachine", "PowerOnVM_Tsk")
  t.equal({ nothing, near }, { nil, "PowerOnVM_Task" })
  t.is_nil(schema.method("HostSystem", "PowerOnVM_Task"))
end)

t.test("follows property paths and says where they go wrong", function()
  local cpus = schema.property("VirtualMachine", "config.hardware.numCPU")
  t.equal({ cpus.type, cpus.array, cpus.since }, { "int", false, "2.0" })
  t.is_true(schema.property("VirtualMachine", "config.hardware.device").array)
  local nothing, problem = schema.property("VirtualMachine", "config.hardware.numCPUs")
  t.is_nil(nothing)
  t.equal(problem, { good = "config.hardware.", part = "numCPUs", owner = "VirtualHardware",
    nearest = "numCPU" })
  nothing, problem = schema.property("VirtualMachine", "runtime.host.name")
  t.is_nil(nothing)
  t.equal(problem.ends, "HostSystem")
end)

t.test("knows what extends what, and lists everything", function()
  t.is_true(schema.is_a("VirtualDisk", "VirtualDevice"))
  t.is_true(not schema.is_a("VirtualDevice", "VirtualDisk"))
  t.is_true(not schema.is_a("Nothing", "VirtualDisk"))
  t.is_true(#schema.names "type" >= 2932)
  t.is_true(#schema.names "enum" >= 424)
  t.is_true(#schema.names "managed" >= 138)
  t.is_true(#schema.names "method" >= 955)
  t.match(table.concat(schema.names "method", " "), "Folder.CreateVM_Task")
end)

t.test("knows its source and its versions", function()
  t.match(schema.version().source, "pyvmomi 9.1")
  t.match(schema.version().api, "9.1")
  t.equal(schema.newest "8.0.2.1", "8.0.2.0")
  t.is_nil(schema.newest "?")
end)

t.test("tells the services, the one under all others first", function()
  local core, pbm = table.unpack(schema.services())
  t.equal({ core.name, core.urn, core.path, core.root }, { "vim25", "urn:vim25", "/sdk", "ServiceInstance" })
  t.equal({ pbm.name, pbm.urn, pbm.path, pbm.root, pbm.root_id, pbm.content },
    { "pbm", "urn:pbm", "/pbm", "PbmServiceInstance", "ServiceInstance", "PbmRetrieveServiceContent" })
  t.equal(schema.type("PbmProfile").service, "pbm")
  t.equal(schema.method("PbmProfileProfileManager", "PbmCreate").service, "pbm")
  t.equal(schema.type("pbm:PbmProfile").name, "PbmProfile")
  t.is_nil((schema.type "pbm:VirtualDisk"))
end)

t.test("takes versions of a service by that service's list", function()
  t.equal(schema.newest("8.0.2.5", "pbm"), "8.0.2.0")
  t.equal(schema.newest("6.0", "pbm"), "2.0")
  t.equal(schema.newest "8.0.2.5", "8.0.2.0")
end)

t.test("tells where a type is declared, what extends and what returns it", function()
  t.equal(schema.uses "VirtualMachineTicket", {})
  local uses = schema.uses "VirtualMachineCloneSpec"
  t.equal(uses[1], { owner = "PlacementSpec", name = "cloneSpec", kind = "field" })
  t.equal(uses[3], { owner = "VirtualMachine:CloneVM_Task", name = "spec", kind = "param" })
  t.equal(schema.uses "VirtualDeviceConfigSpec"[1].array, true)
  t.equal(schema.extending "VirtualVmxnet3", { "VirtualVmxnet3Vrdma" })
  t.equal(schema.returning "VirtualMachineTicket", { "VirtualMachine:AcquireTicket" })
  t.equal({ schema.base "VirtualDisk", schema.base "PbmProfile", (schema.base "DynamicData") },
    { "VirtualDevice", "DynamicData" })
end)

t.test("finds the types that hold words, in their own names or their members', whatever the case", function()
  t.equal(schema.holding("type", "virtualmachineconfigspec"), { "VirtualMachineConfigSpec" })
  t.equal(schema.holding("enum", "poweredon", "HOST"), {})
  local enums = schema.holding("enum", "powered", "OFF")
  t.equal({ enums[1], enums[#enums] }, { "HostSystemPowerState", "VmShutdownOnIsolationEventOperation" })
  t.equal(schema.holding("managed", "wwnNodes"), {})
  local names = {}
  for _, name in ipairs(schema.holding("managed", "recent", "task")) do names[name] = true end
  t.is_true(names.TaskManager and names.ManagedEntity)
  t.is_nil(names.VirtualMachine)
  t.raises(function() schema.holding "method" end)
end)
