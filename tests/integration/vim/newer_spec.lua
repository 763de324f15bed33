--- Servers that are older or newer than the schema: what is refused before it is sent, what is kept.
local object = require "perilune.c.object"
local server = require "tests.support.server"
local t = require "tests.support.spec"
local vim = require "perilune.vim"

local function start(version, ...)
  return server.start { "-api-version", version, "-vm", "1", "-host", "1", "-standalone-host", "0", ... }
end

local function vm_of(vc)
  return vc:find_one { type = "VirtualMachine" }
end

--- What a call raises, with nothing sent for it.
local function refused(lab, code, fn, ...)
  local before = lab:requests().total
  local e = t.raises(fn, code)
  t.equal(lab:requests().total, before)
  for _, part in ipairs { ... } do t.match(e.message, part) end
  return e
end

-- Older ---------------------------------------------------------------------------------------------------

t.test("refuses what is newer than the server before it is sent, naming both versions", function()
  local lab = start "7.0.3.0"
  local vc = lab:connect()
  local vm = vm_of(vc)
  t.equal(vc.api_version, "7.0.3.0")
  local e = refused(lab, "soap.field", function() vm:ReconfigVM_Task { spec = { virtualNuma = {} } } end,
    "virtualNuma came with API version 8.0.0.1", "the server speaks 7.0.3.0")
  t.equal(e.path, "spec.virtualNuma")
  e = refused(lab, "soap.field", function()
    local device = vim.VirtualPCIPassthrough { key = -1, numaNode = 0 }
    vm:ReconfigVM_Task { spec = { deviceChange = { { operation = "add", device = device } } } }
  end, "numaNode came with API version 8.0.0.1", "the server speaks 7.0.3.0")
  t.equal(e.path, "spec.deviceChange[1].device.numaNode")
  e = refused(lab, "soap.type", function()
    local value = vim.VirtualMachineVirtualNuma { coresPerNumaNode = 1 }
    vm:ReconfigVM_Task { spec = { extraConfig = { { key = "k", value = value } } } }
  end, "VirtualMachineVirtualNuma came with API version 8.0.0.1")
  t.equal(e.path, "spec.extraConfig[1].value")
end)

t.test("refuses a method that is newer", function()
  local lab = start "6.7"
  local vm = vm_of(lab:connect())
  local e = refused(lab, "soap.method", function() vm:DropConnections {} end,
    "DropConnections came with API version 7.0.1.0", "the server speaks 6.7")
  t.equal(e.code, "soap.method")
end)

t.test("refuses properties that are newer, and reads them from a server that has them", function()
  local lab = start "7.0.3.0"
  local vc = lab:connect()
  local vm = vm_of(vc)
  refused(lab, "vim.property", function() vm:get "config.numaInfo" end,
    "VirtualMachine.config.numaInfo came with API version 8.0.0.1", "the server speaks 7.0.3.0")
  refused(lab, "vim.property", function()
    for _ in vc:rows { type = "VirtualMachine", props = { "config.numaInfo" } } do end
  end, "8.0.0.1")
  refused(lab, "vim.property", function()
    vc:watch { type = "VirtualMachine", props = { "config.numaInfo" } }
  end, "8.0.0.1")
  for row in vc:rows { type = "VirtualMachine", props = { "config.numaInfo" }, unchecked = true } do
    t.is_true(row.ref == vm)
  end
  local newer = start("8.0.3.0"):connect()
  vm_of(newer):get "config.numaInfo"
end)

-- Newer ---------------------------------------------------------------------------------------------------

local XMLNS = ' xmlns="urn:vim25"'

t.test("keeps types, fields and members that the schema does not know, readable", function()
  local lab = start("8.0.3.0", "-lenient")
  local vm = vm_of(lab:connect())
  lab:rules { { method = "RetrievePropertiesEx", action = { reply = "<RetrievePropertiesExResponse" .. XMLNS
    .. '><returnval><objects><obj type="VirtualMachine">' .. object.id(vm) .. "</obj>"
    .. '<propSet><name>config.hardware.device</name><val xsi:type="ArrayOfVirtualDevice">'
    .. '<VirtualDevice xsi:type="VirtualQuantumDisk"><key>7</key><qubits>12</qubits>'
    .. "<state>entangled</state><state>cold</state></VirtualDevice></val></propSet>"
    .. '<propSet><name>runtime.powerState</name><val xsi:type="VirtualMachinePowerState">hibernated</val></propSet>'
    .. "</objects></returnval></RetrievePropertiesExResponse>" } } }
  local devices, power = vm:get("config.hardware.device", "runtime.powerState")
  t.equal(power, "hibernated")
  t.equal(devices[1]._typeName, "VirtualQuantumDisk")
  t.equal(tostring(devices[1].key) .. " " .. tostring(devices[1].qubits), "7 12")
  t.equal(devices[1].state, { "entangled", "cold" })
end)

t.test("calls methods that the schema does not know, and reads what they return", function()
  local lab = start("8.0.3.0", "-lenient")
  local vm = vm_of(lab:connect())
  lab:rules {
    { method = "QueryQubits", match = "<depth>3</depth><names>a</names><names>b</names>", action = {
      reply = "<QueryQubitsResponse" .. XMLNS .. '><returnval xsi:type="Qubit"><phase>up</phase></returnval>'
        .. '<returnval xsi:type="Qubit"><phase>down</phase></returnval></QueryQubitsResponse>' } },
    { method = "CountQubits", action = { reply = "<CountQubitsResponse" .. XMLNS
      .. '><returnval xsi:type="xsd:int">2</returnval></CountQubitsResponse>' } },
    { method = "DropQubits", action = { reply = "<DropQubitsResponse" .. XMLNS .. "/>" } },
  }
  local qubits = vim.unchecked(vm):QueryQubits { { "depth", 3 }, { "names", { "a", "b" } } }
  t.equal(qubits, { { _typeName = "Qubit", phase = "up" }, { _typeName = "Qubit", phase = "down" } })
  t.equal(vim.unchecked(vm):CountQubits {}, 2)
  t.is_nil(vim.unchecked(vm):DropQubits())
  t.raises(function() vm:QueryQubits {} end, "soap.method")
end)

t.test("sends fields of a newer server at the place where they are written", function()
  local lab = start "9.1.0.0" -- has a field that the schema lacks
  local vc = lab:connect()
  local vm = vm_of(vc)
  t.raises(function()
    vm:ReconfigVM_Task { spec = { annotation = "a", skipExtensionCompatibilityChecks = true } }
  end, "soap.field")
  local spec = vim.unchecked { annotation = "sent", { "skipExtensionCompatibilityChecks", true } }
  vm:ReconfigVM_Task({ spec = spec }):await()
  t.equal(vm:get "config.annotation", "sent")
  t.equal(lab:requests().refused, {})
end)

t.test("an unchecked task is a task", function()
  local lab = start "8.0.3.0"
  local vm = vm_of(lab:connect())
  vim.unchecked(vm):PowerOffVM_Task():await()
  t.equal(vim.unchecked(vm):get "runtime.powerState", "poweredOff")
end)
