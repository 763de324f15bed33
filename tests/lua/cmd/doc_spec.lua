--- perilune doc.
local t = require "tests.support.spec"

local function doc(word)
  return t.command { "build/perilune", "doc", word, env = { PERILUNE_URL = false, GOVC_URL = false } }
end

t.test("lists every kind, and says which are only looked up", function()
  local result = doc()
  t.equal(result.status, 0)
  for _, name in ipairs { "vm", "portgroup", "folder", "tag", "tag_category" } do
    t.find(result.stdout, "\n  " .. name .. "  +%u")
  end
  t.find(result.stdout, "\n  cluster +lookup only")
end)

t.test("shows a kind's fields with types, units and defaults", function()
  local said = doc("portgroup").stdout
  t.find(said, 'portgroup "name" { … }')
  t.find(said, "\n  hosts +list of host .*required")
  t.find(said, "\n  vlan +integer 0–4095 .*default 0")
  t.find(said, "\n  protect +boolean")
  t.find(doc("vm").stdout, "\n  memory +size .*default 1 GiB")
end)

t.test("shows what a lookup's handle has", function()
  t.find(doc("cluster").stdout, 'cluster%("name"%) has:.*\n  hosts +list of host')
end)

t.test("goes into a field, whatever its index", function()
  t.find(doc("vm.disks").stdout, "^vm.disks +list of tables.*\n  size +size")
  t.find(doc("vm.disks[2].size").stdout, "^vm.disks.size +size")
end)

t.test("shows a data type with its own fields before the inherited ones", function()
  t.find(doc("VirtualDisk").stdout,
    "^VirtualDisk   data object, extends VirtualDevice.*\n  capacityInKB +long\n.*\n  of VirtualDevice\n  key +int\n")
end)

t.test("shows a managed type with properties and methods", function()
  local said = doc("VirtualMachine").stdout
  t.find(said, "\n properties\n  .*\n methods\n")
  t.find(said, "\n  PowerOnVM_Task{ host%? } → Task\n")
end)

t.test("shows a method by its own name and by its type's", function()
  local said = doc("CloneVM_Task").stdout
  t.find(said, "^VirtualMachine:CloneVM_Task{ folder, name, spec } → Task → VirtualMachine   since 2.0\n")
  t.find(said, "\n  spec +VirtualMachineCloneSpec +needs location, template, powerOn\n")
  t.find(said, "\n  folder +Folder +privilege VirtualMachine.Inventory.CreateFromExisting\n")
  t.find(said, "\n  faults +CustomizationFault ")
  t.equal(doc("VirtualMachine.CloneVM_Task").stdout, said)
  t.equal(doc("VirtualMachine:CloneVM_Task").stdout, said)
end)

t.test("shows an enumeration's members", function()
  t.match(doc("VirtualDiskMode").stdout, "independent_persistent")
end)

t.test("follows a property path to its type", function()
  t.find(doc("VirtualMachine.config.hardware.numCPU").stdout, "^VirtualMachine.config.hardware.numCPU   int")
  t.match(doc("VirtualMachine.config.hardware").stdout, "VirtualHardware   data object")
end)

t.test("shows what extends a type, and the shortest ways to it", function()
  t.find(doc("VirtualEthernetCard").stdout, "\n extended by\n.*VirtualE1000 .*VirtualVmxnet3")
  local said = doc("VirtualDisk").stdout
  t.find(said, "\n read from\n  VirtualMachine.config.hardware.device%[%]\n")
  t.find(said, "\n passed to\n.*  VirtualMachine:ReconfigVM_Task +spec.deviceChange%[%].device\n.*  and %d+ more\n")
  t.find(doc("VirtualMachineTicket").stdout, "\n returned by\n  VirtualMachine:AcquireTicket\n")
end)

t.test("shows when a field came, where that was later than its type", function()
  t.find(doc("VirtualDisk").stdout, "\n  vDiskVersion +int%? +since 8.0.1.0\n")
end)

t.test("knows the types of other services, and says whose they are", function()
  t.find(doc("PbmProfile").stdout, "^PbmProfile   data object of the service pbm, extends DynamicData")
end)

t.test("searches all names for a word that is none of them", function()
  local said = doc("vlan").stdout
  t.find(said, "^words of a playbook.*\n  portgroup.vlan +integer")
  t.find(said, "\ntypes %(%d+%)\n  VlanProfile +data object")
  t.find(said, "\n  and %d+ more\n")
  t.match(said, "DistributedVirtualSwitch:QueryUsedVlanIdInDvs")
  t.find(said, "\n  HostPortGroupSpec.vlanId +int\n")
  t.match(said, "members of enumerations")
end)

t.test("searches for several words in one name, whatever their order and case", function()
  local said = doc("SNAPSHOT create").stdout
  t.find(said, "\n  VirtualMachine:CreateSnapshot_Task +since 2.0\n")
  t.is_nil(said:find("RemoveSnapshot", 1, true))
end)

local mistakes = {
  { "vmx-", 'did you mean "vm"?' },
  { "CloneVMTask", 'did you mean "CloneVM_Task"?' },
  { "vm.disk", 'did you mean "disks"?' },
  { "VirtualMachine.config.hardware.numCpu", 'did you mean "numCPU"?' },
  { "VirtualDisk.capacityInKb", 'did you mean "capacityInKB"?' },
}

t.test("offers the nearest word for one it does not know", function()
  for _, mistake in ipairs(mistakes) do
    local result = doc(mistake[1])
    t.equal({ result.status, result.stdout }, { 1, "" })
    t.match(result.stderr, mistake[2])
  end
end)
