local mirror = require "perilune.vim.mirror"
local object = require "perilune.c.object"
local t = require "tests.support.spec"

local space = object.space()
local vm, host = space:object("VirtualMachine", "vm-1"), space:object("HostSystem", "host-1")

local function update(kind, ...)
  local changes = {}
  for i, change in ipairs { ... } do
    changes[i] = { name = change[1], op = change[2], val = change[3] }
  end
  return { obj = vm, kind = kind, changeSet = changes }
end

local function new(paths)
  local seen = {}
  local m = mirror.new(paths, function(_, before, now) seen[#seen + 1] = { before or false, now or false } end)
  return m, seen
end

t.test("a change of a part leaves the rest, and the row before it, alone", function()
  local m = new { "config.hardware" }
  local device = { { key = 4000, connected = true } }
  m:apply(update("enter", { "config.hardware", "assign", { numCPU = 1, device = device } }))
  local before = m.rows[vm]
  m:apply(update("modify", { "config.hardware.device[4000].connected", "assign", false }))
  t.equal(m.rows[vm]["config.hardware"], { numCPU = 1, device = { { key = 4000, connected = false } } })
  t.equal(m:diff(before, m.rows[vm]), {
    ["config.hardware.device[4000].connected"] = { old = true, new = false },
  })
end)

t.test("a parent that is replaced or unset carries what lies in it", function()
  local m = new { "config.hardware.numCPU", 'config.extraConfig["k"].value' }
  m:apply(update("enter", { "config.hardware.numCPU", "assign", 1 }))
  local config = { hardware = { numCPU = 2 }, extraConfig = { { key = "k", value = "v" } } }
  m:apply(update("modify", { "config", "assign", config }))
  t.equal(m.rows[vm], { ref = vm, ["config.hardware.numCPU"] = 2, ['config.extraConfig["k"].value'] = "v" })
  m:apply(update("modify", { "config", "assign" }))
  t.equal(m.rows[vm], { ref = vm })
end)

t.test("elements come and go, of data objects and of references", function()
  local m = new { "config.hardware.device", "network" }
  local net = space:object("Network", "network-1")
  m:apply(update("enter", { "config.hardware.device", "assign", { { key = 1 } } }, { "network", "assign", { net } }))
  m:apply(update("modify", { "config.hardware.device[2]", "add", { key = 2 } }, { 'network["network-1"]', "remove" }))
  m:apply(update("modify", { "config.hardware.device[1]", "remove" }, { "config.hardware.device[9].x", "assign", 1 }))
  t.equal({ m.rows[vm]["config.hardware.device"], m.rows[vm].network }, { { { key = 2 } }, {} })
end)

t.test("what wanted paths share is changed in both", function()
  local m = new { "config", "config.hardware.numCPU" }
  local config = { hardware = { numCPU = 1 } }
  m:apply(update("enter", { "config", "assign", config }, { "config.hardware.numCPU", "assign", 1 }))
  m:apply(update("modify", { "config.hardware.numCPU", "assign", 2 }))
  t.equal(m.rows[vm], { ref = vm, config = { hardware = { numCPU = 2 } }, ["config.hardware.numCPU"] = 2 })
end)

t.test("late reports do no harm: what is applied last counts, and what has left stays away", function()
  local m = new { "state" }
  m:apply(update("enter", { "state", "assign", "success" }))
  m:apply(update("modify", { "state", "assign", "running" }))
  m:apply(update("modify", { "state", "assign", "success" }))
  t.equal(m.rows[vm].state, "success")
  m:apply(update "leave")
  m:apply(update("modify", { "state", "assign", "running" }))
  m:apply(update "leave")
  t.equal({ m.rows[vm], m.count }, { nil, 0 })
end)

t.test("a whole state tells only what differs, once it is told", function()
  local m, seen = new { "name", "device" }
  local device = { { key = 1, _typeName = "VirtualDisk" } }
  m:apply(update("enter", { "name", "assign", "a" }, { "device", "assign", device }))
  m:apply { obj = host, kind = "enter", changeSet = { { name = "name", op = "assign", val = "h" } } }
  m:begin()
  m:apply(update("enter", { "name", "assign", "a" }, { "device", "assign", { { key = 1 } } }))
  t.equal({ #seen, m.count }, { 2, 2 })
  m:finish()
  t.equal({ #seen, m.count, seen[3] }, { 3, 1, { { ref = host, name = "h" }, false } })
end)

t.test("what cannot be read is told beside the row, until it can", function()
  local m = new { "name" }
  m:apply { obj = vm, kind = "enter", missingSet = { { path = "name", fault = { _typeName = "NoPermission" } } } }
  t.equal(m.rows[vm].missing, { name = { _typeName = "NoPermission" } })
  m:apply(update("modify", { "name", "assign", "a" }))
  t.equal(m.rows[vm], { ref = vm, name = "a" })
end)
