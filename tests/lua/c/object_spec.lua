--- Managed objects: one for each reference of a space.
local t = require "tests.support.spec"
local object = require "perilune.c.object"

t.test("an object is the same each time in its space", function()
  local space = object.space()
  local vm = space:object("VirtualMachine", "vm-1")
  t.is_true(vm == space:object("VirtualMachine", "vm-1"))
  t.is_true(vm ~= space:object("VirtualMachine", "vm-2"))
  t.is_true(vm ~= space:object("HostSystem", "vm-1"))
  t.is_true(vm ~= object.space():object("VirtualMachine", "vm-1"))
end)

t.test("an object tells its type, id and space", function()
  local space = object.space()
  local vm = space:object("VirtualMachine", "vm-1")
  t.equal(object.type(vm), "VirtualMachine")
  t.equal(object.id(vm), "vm-1")
  t.is_true(object.space(vm) == space)
  t.equal(tostring(vm), "VirtualMachine:vm-1")
  t.is_true(object.is(vm))
  t.is_true(not object.is(space))
end)

t.test("objects that nobody uses are forgotten", function()
  local space = object.space()
  local seen = setmetatable({ space:object("VirtualMachine", "vm-1") }, { __mode = "v" })
  collectgarbage()
  t.is_nil(seen[1])
  t.equal(tostring(space:object("VirtualMachine", "vm-1")), "VirtualMachine:vm-1")
end)

t.test("a space carries its connection and nothing else", function()
  local space = object.space()
  t.is_nil(space.connection)
  space.connection = { name = "lab" }
  t.equal(space.connection.name, "lab")
  t.raises(function() return space.conection end)
  t.raises(function() space.other = 1 end)
end)
