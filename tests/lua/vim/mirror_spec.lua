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

-- Against a model ---------------------------------------------------------------------------------------------

local FIELDS = { "label", "connected", "note" }

--- The object as a server has it: random values below config, devices by key.
local function random_device(key)
  local device = { key = key, backing = { fileName = "disk-" .. math.random(5) } }
  for _, field in ipairs(FIELDS) do
    if math.random() < 0.5 then device[field] = math.random(3) end
  end
  return device
end

local function random_config()
  local config = { hardware = { numCPU = math.random(8), device = {} }, extraConfig = {} }
  for key = 1, math.random(0, 4) do config.hardware.device[key] = random_device(4000 + key) end
  return config
end

local function deep(value)
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, part in pairs(value) do copy[key] = deep(part) end
  return copy
end

local function position(list, key)
  for i, element in ipairs(list) do
    if element.key == key then return i end
  end
end

--- Ways to change the model: each does it, and returns the report of it.
local STEPS = {
  function(model) -- a field of an element
    local device = model.hardware.device[math.random(#model.hardware.device)]
    if not device then return end
    local field = FIELDS[math.random(#FIELDS)]
    device[field] = math.random() < 0.7 and math.random(3) or nil
    return { ("config.hardware.device[%d].%s"):format(device.key, field), "assign", device[field] }
  end,
  function(model) -- a field further down
    local device = model.hardware.device[math.random(#model.hardware.device)]
    if not device then return end
    device.backing.fileName = "disk-" .. math.random(5)
    return { ("config.hardware.device[%d].backing.fileName"):format(device.key), "assign", device.backing.fileName }
  end,
  function(model) -- an element comes, or another one takes its place
    local key = 4000 + math.random(6)
    local device = random_device(key)
    local list = model.hardware.device
    list[position(list, key) or #list + 1] = device
    return { ("config.hardware.device[%d]"):format(key), math.random() < 0.5 and "add" or "assign", deep(device) }
  end,
  function(model) -- an element goes
    local list = model.hardware.device
    if #list == 0 then return end
    local device = table.remove(list, math.random(#list))
    return { ("config.hardware.device[%d]"):format(device.key), "remove" }
  end,
  function(model) -- a key that has dots and brackets
    local key = "a.b[" .. math.random(3) .. "]"
    local list, value = model.extraConfig, tostring(math.random(9))
    local at = position(list, key)
    if at then
      list[at].value = value
      return { ('config.extraConfig["%s"].value'):format(key), "assign", value }
    end
    list[#list + 1] = { key = key, value = value }
    return { ('config.extraConfig["%s"]'):format(key), "add", { key = key, value = value } }
  end,
  function(model) -- a whole part
    model.hardware = random_config().hardware
    return { "config.hardware", "assign", deep(model.hardware) }
  end,
  function(model) -- all of it
    local config = random_config()
    model.hardware, model.extraConfig = config.hardware, config.extraConfig
    return { "config", "assign", deep(config) }
  end,
}

local function is_set(value)
  return value ~= nil and (type(value) ~= "table" or next(value) ~= nil)
end

--- What the model holds at the wanted paths, as a row.
local WANTED = {
  ["config"] = function(m) return m end,
  ["config.hardware.device"] = function(m) return m.hardware.device end,
  ["config.hardware.numCPU"] = function(m) return m.hardware.numCPU end,
  ["config.hardware.device[4001]"] = function(m) return m.hardware.device[position(m.hardware.device, 4001)] end,
  ['config.extraConfig["a.b[1]"].value'] = function(m)
    return (m.extraConfig[position(m.extraConfig, "a.b[1]")] or {}).value
  end,
}

local function check(row, model, seed)
  for at, get in pairs(WANTED) do
    local got, wanted = row[at], get(model)
    if is_set(got) or is_set(wanted) then t.equal(got, wanted, ("%s, seed %d"):format(at, seed)) end
  end
end

--- All values as one flat map, to hold what a difference says against.
local function flat(value, at, into)
  if type(value) ~= "table" then
    into[at] = value
    return into
  end
  for key, part in pairs(value) do
    flat(part, type(key) == "number" and ("%s[%s]"):format(at, part.key) or at .. "." .. key, into)
  end
  return into
end

local function difference(a, b)
  local found = {}
  for at, value in pairs(a) do
    if b[at] ~= value then found[at] = { old = value, new = b[at] } end
  end
  for at, value in pairs(b) do
    if a[at] == nil then found[at] = { new = value } end
  end
  return found
end

local function leaves(changes, which)
  local into = {}
  for at, change in pairs(changes) do flat(change[which], (at:gsub('"', "")), into) end
  return into
end

t.test("whatever partial updates come, the mirror is what the server has", function()
  local seed = os.time()
  math.randomseed(seed)
  local paths = {}
  for at in pairs(WANTED) do paths[#paths + 1] = at end
  for _ = 1, 60 do
    local m, model = new(paths), random_config()
    m:apply(update("enter", { "config", "assign", deep(model) }))
    for _ = 1, 60 do
      local before, old = m.rows[vm], deep(model)
      local reports = {}
      for _ = 1, math.random(3) do reports[#reports + 1] = STEPS[math.random(#STEPS)](model) end
      m:apply(update("modify", table.unpack(reports)))
      check(m.rows[vm], model, seed)
      check(before, old, seed) -- it has not changed under whoever holds it
    end
  end
end)

t.test("a difference says all that differs, and nothing else", function()
  for _ = 1, 500 do
    local m = new { "config" }
    local old, now = random_config(), random_config()
    local changes = m:diff({ config = old }, { config = now })
    local wanted = difference(flat(old, "config", {}), flat(now, "config", {}))
    for at, change in pairs(wanted) do
      t.equal({ leaves(changes, "old")[at], leaves(changes, "new")[at] }, { change.old, change.new }, at)
    end
    for at, change in pairs(changes) do
      t.is_true(type(change.old) ~= type(change.new) or change.old ~= change.new, at)
    end
    t.equal(next(m:diff({ config = old }, { config = deep(old) })), nil)
  end
end)
