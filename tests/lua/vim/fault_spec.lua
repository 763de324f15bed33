local err = require "perilune.err"
local fault = require "perilune.vim.fault"
local t = require "tests.support.spec"

local function text(data, words, call)
  return tostring(fault.error(data, words, call))
end

t.test("a fault without words of the server is told by its type and fields", function()
  local e = fault.error({ _typeName = "DuplicateName", name = "web-01", object = "VirtualMachine:vm-1" }, "")
  t.equal(e.message, 'DuplicateName: the name "web-01" is taken by VirtualMachine:vm-1')
  t.is_nil(e.server)
  t.equal({ e.code, e.fault.name, err.exit_code(e) }, { "vim.fault", "web-01", 1 })
end)

t.test("what the server says is kept, unless it says nothing", function()
  t.equal(fault.error({ _typeName = "NoDiskSpace" }, "no room on ds1").server, "no room on ds1")
  for _, junk in ipairs { "", "*types.InvalidPowerState", "types.NoDiskSpace", "NoDiskSpace" } do
    t.is_nil(fault.error({ _typeName = "NoDiskSpace" }, junk).server, junk)
  end
end)

t.test("the messages inside a fault stand in for missing words", function()
  local messages = { { key = "a", message = "first." }, { key = "b", message = "second." } }
  local data = { _typeName = "VimFault", faultMessage = messages }
  t.equal(fault.error(data, "").server, "first. second.")
end)

t.test("a fault inside data is opened", function()
  local e = fault.error { fault = { _typeName = "FileNotFound", file = "[ds] a.vmdk" }, localizedMessage = "gone" }
  t.equal({ e.fault._typeName, e.server, e.message }, { "FileNotFound", "gone", "FileNotFound: no file [ds] a.vmdk" })
end)

t.test("a fault of a type without words is told by those of its base", function()
  t.match(text { _typeName = "NoPermissionOnAD" }, "NoPermissionOnAD")
  t.match(text { _typeName = "InsufficientCpuResourcesFault" }, "not enough resources")
end)

t.test("a Go name is mended, an unknown one kept", function()
  t.equal(fault.name { _typeName = "InvalidPowerStateFault" }, "InvalidPowerState")
  t.equal(fault.name { _typeName = "HostConfigFault" }, "HostConfigFault")
  t.equal(fault.name { _typeName = "FromTheFutureFault" }, "FromTheFutureFault")
  t.equal(fault.name(nil), "MethodFault")
end)

t.test("a fault is of its type and of those it is derived from", function()
  t.is_true(fault.is({ _typeName = "NoDiskSpace" }, "FileFault"))
  t.is_false(fault.is({ _typeName = "NoDiskSpace" }, "InvalidLogin"))
  t.is_false(fault.is(nil, "NoDiskSpace"))
end)

t.test("a missing privilege is named with its object, old and new style", function()
  t.match(text { _typeName = "NoPermission", privilegeId = "VirtualMachine.Interact.PowerOn", object = "Folder:v3" },
    "lacks VirtualMachine.Interact.PowerOn on Folder:v3")
  t.match(text { _typeName = "NoPermission", missingPrivileges = {
    { entity = "Folder:group-v3", privilegeIds = { "A.B", "C.D" } },
    { entity = "Datastore:ds-1", privilegeIds = { "E" } },
  } }, "A.B, C.D on Folder:group-v3; E on Datastore:ds-1")
end)

t.test("a device is counted as people count", function()
  t.match(text { _typeName = "InvalidDeviceSpec", deviceIndex = 1, property = "x" }, "deviceChange[2]")
end)

t.test("what was called, on what, and the operation id go with it", function()
  t.match(text({ _typeName = "NotSupported" }, "", { method = "Foo", object = "Task:task-1", operation = "42-7" }),
    "Foo on Task:task-1, operation id 42-7")
end)

t.test("an invalid property has the code of one that was found before sending", function()
  t.equal(fault.error({ _typeName = "InvalidProperty", name = "nme" }).code, "vim.property")
end)

t.test("every fault of the API becomes an error, whatever fields are missing", function()
  local schema = require "perilune.c.schema"
  local count = 0
  for _, name in ipairs(schema.names "type") do
    if schema.is_a(name, "MethodFault") then
      count = count + 1
      t.match(text { _typeName = name }, name)
    end
  end
  t.is_true(count > 500)
end)
