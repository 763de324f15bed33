local moid = require "perilune.vim.moid"
local object = require "perilune.c.object"
local t = require "tests.support.spec"

local space = object.space()
local content = {
  about = { apiType = "VirtualCenter" },
  sessionManager = space:object("SessionManager", "SessionManager"),
  rootFolder = space:object("Folder", "group-d1"),
}
local host_content = {
  about = { apiType = "HostAgent" },
  sessionManager = space:object("SessionManager", "ha-sessionmgr"),
}

t.test("ids of a vCenter tell the type", function()
  local types = {
    ["vm-42"] = "VirtualMachine", ["host-21"] = "HostSystem", ["domain-c8"] = "ClusterComputeResource",
    ["domain-s9"] = "ComputeResource", ["resgroup-10"] = "ResourcePool", ["resgroup-v11"] = "VirtualApp",
    ["group-d1"] = "Folder", ["group-v3"] = "Folder", ["group-h4"] = "Folder", ["group-n5"] = "Folder",
    ["group-s6"] = "Folder", ["group-2"] = "Folder", ["group-p7"] = "StoragePod", ["datacenter-2"] = "Datacenter",
    ["datastore-12"] = "Datastore", ["network-13"] = "Network", ["network-o14"] = "OpaqueNetwork",
    ["dvs-15"] = "VmwareDistributedVirtualSwitch", ["dvportgroup-16"] = "DistributedVirtualPortgroup",
    ["task-17"] = "Task", ["snapshot-18"] = "VirtualMachineSnapshot", ["SessionManager"] = "SessionManager",
    ["ServiceInstance"] = "ServiceInstance",
  }
  for id, wanted in pairs(types) do t.equal({ id, moid.type(content, id) }, { id, wanted }) end
end)

t.test("a host has ids of its own, that mean nothing to a vCenter", function()
  for id, wanted in pairs {
    ["ha-host"] = "HostSystem", ["ha-folder-vm"] = "Folder", ["ha-datacenter"] = "Datacenter",
    ["ha-root-pool"] = "ResourcePool", ["HaNetwork-VM Network"] = "Network", ["7"] = "VirtualMachine",
    ["7-snapshot-1"] = "VirtualMachineSnapshot", ["ha-sessionmgr"] = "SessionManager",
  } do
    t.equal({ id, moid.type(host_content, id) }, { id, wanted })
    t.is_nil(moid.type(content, id))
  end
end)

t.test("type and id can be one word, as objects are printed", function()
  t.equal({ moid.read(content, "VirtualMachine:vm-42") }, { "VirtualMachine", "vm-42" })
  t.equal({ moid.read(content, "Network", "HaNetwork-VM Network") }, { "Network", "HaNetwork-VM Network" })
end)

t.test("an id that tells nothing is an error that says how to write it", function()
  local e = t.raises(function() moid.read(content, "thing-1") end, "argument")
  t.match(e.hint, 'vc:object("VirtualMachine", "thing-1")')
  t.raises(function() moid.read(content, "") end, "argument")
  t.raises(function() moid.read(content, 42) end, "argument")
  t.raises(function() moid.read(content, "vm-42x") end, "argument")
end)

t.test("an unknown type is an error with the nearest", function()
  local e = t.raises(function() moid.read(content, "VirtualMachin", "vm-1") end, "soap.type")
  t.match(e.hint, "VirtualMachine")
end)
