--- Documentation at the prompt.
local handle = require "perilune.schema.handle"
local help = require "perilune.shell.help"
local kinds = require "perilune.kind"
local object = require "perilune.c.object"
local t = require "tests.support.spec"

local env = {
  o = object.space():object("HostSystem", "host-1"),
  w = handle.new { kind = kinds.vm, name = "web-01" },
  n = 5,
}

local function value_of(name)
  return env[name]
end

local function joined(lines)
  return table.concat(lines, "\n")
end

t.test("tells about a kind, a method of its objects and a type", function()
  t.find(joined(help.asked("vm", 100, value_of)), '^vm "name" { … }')
  t.find(joined(help.asked(" vm.ReconfigVM_Task ", 100, value_of)), "^VirtualMachine:ReconfigVM_Task{ spec } → Task")
  t.find(joined(help.asked("vm:ReconfigVM_Task", 100, value_of)), "^VirtualMachine:ReconfigVM_Task{ spec } → Task")
  t.find(joined(help.word("vm.disks", 100)), "^vm.disks +list of tables")
  t.equal(help.asked("", 100, value_of), help.word(nil, 100))
end)

t.test("takes a variable for what it holds", function()
  t.equal(help.asked("w.disks", 100, value_of), help.word("vm.disks", 100))
  t.equal(help.asked("w:ReconfigVM_Task", 100, value_of), help.word("VirtualMachine.ReconfigVM_Task", 100))
  t.equal(help.asked("o.config", 100, value_of), help.word("HostSystem.config", 100))
end)

t.test("tells what a value is", function()
  t.equal(help.about(env.w, 100), help.word("vm", 100))
  t.equal(help.about(env.o, 100), help.word("HostSystem", 100))
  t.equal(help.about({ _typeName = "VirtualDisk" }, 100), help.word("VirtualDisk", 100))
  t.equal(help.about("CloneVM_Task", 100), help.word("CloneVM_Task", 100))
  t.match(joined(help.about(5, 100)), "number")
  t.match(joined(help.about(nil, 100)), "plan()")
end)

t.test("searches, and suggests where nothing is found", function()
  t.match(joined(help.word("numcpu", 100)), "VirtualHardware.numCPU ")
  t.match(t.raises(function() help.word("ReconfigVM_Tsk", 100) end, "usage").hint, "ReconfigVM_Task")
end)
