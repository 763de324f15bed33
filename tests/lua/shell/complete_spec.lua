--- Completion: what Tab offers at a place of a text.
local api = require "perilune.c.schema"
local complete = require "perilune.shell.complete"
local handle = require "perilune.schema.handle"
local kinds = require "perilune.kind"
local object = require "perilune.c.object"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

local space = object.space()
local function word() end

local env = {
  info = { state = "success", result = 1, _typeName = "TaskInfo" },
  loud = setmetatable({ own = 1 }, { __index = function() error "a metamethod was run" end }),
  o = space:object("VirtualMachine", "vm-1"),
  plain = { alpha = { beta = 1 }, ["not a name"] = 1, list = { { gamma = 1 } } },
  rows = setmetatable({ list = { { ref = space:object("HostSystem", "host-1"), name = "esx" } } },
    { __inspect = word, __index = function() error "rows were read" end }),
  string = string,
  vc = { space = space, content = {} },
  vcenter = word,
  vim = require "perilune.vim",
  vm = word, host = word, portgroup = word, cluster = word, defaults = word, dofile = word, doc = word,
  w = handle.new { kind = kinds.vm, name = "web-01" },
}

local function env_names()
  local names = {}
  for name in pairs(env) do names[#names + 1] = name end
  return names
end

local live = { vm = { "web-01", "web-02", "db \"1\"", "es\27[1m\u{202e}]" }, host = { "esx-1" } }
local names = {
  find = function(_, wanted, prefix)
    local items = {}
    for _, kind in ipairs(wanted) do
      for _, name in ipairs(live[kind] or {}) do
        if name:sub(1, #prefix) == prefix then items[#items + 1] = { text = name } end
      end
    end
    return { items = items, prefix = prefix }
  end,
}

local completer = complete.open {
  env = function(name) return env[name] end, env_names = env_names, names = names,
  commands = {
    { name = "load", takes = "file" }, { name = "save", takes = "file" },
    { name = "target", takes = { "lab", "prod" } }, "time",
  },
}

--- The answer at the | of a text.
local function at(text)
  local cursor = text:find("|", 1, true) - 1
  return completer:at(text:sub(1, cursor) .. text:sub(cursor + 2), cursor)
end

local function texts(text)
  local list = {}
  for i, item in ipairs(at(text).items) do list[i] = item.text end
  return list
end

--- Each case: the text, and all that is offered; with "…" at the end: among others.
local function check(cases)
  for _, case in ipairs(cases) do
    local offered, wanted = texts(case[1]), { table.unpack(case, 2) }
    if wanted[#wanted] == "…" then
      wanted[#wanted] = nil
      local has = {}
      for _, text in ipairs(offered) do has[text] = true end
      offered, wanted = {}, wanted
      for i, text in ipairs(wanted) do offered[i] = has[text] and text or "not " .. text end
    end
    t.equal({ case[1], offered }, { case[1], wanted })
  end
end

t.test("offers the methods of an object's type", function()
  check {
    { "w:PowerOn|", "PowerOnVM_Task" },
    { "w:poweron|", "PowerOnVM_Task" },
    { "o:PowerOff|", "PowerOffVM_Task" },
    { "o:ge|", "get" },
    { "x = w:Reconf|", "ReconfigVM_Task" },
    { "vm('web-01'):Reconf|", "ReconfigVM_Task" },
    { 'vm "web-01":Reconf|', "ReconfigVM_Task" },
    { '(vm "web-01"):Reconf|', "ReconfigVM_Task" },
    { "for i = 1, 2 do w:Reconf|", "ReconfigVM_Task" },
    { "spawn(function() w:Reconf|", "ReconfigVM_Task" },
    { "host('esx'):EnterM|", "EnterMaintenanceMode_Task" },
    { "o:get('runtime.host'):EnterM|", "EnterMaintenanceMode_Task" },
    { "w:NoSuch|" },
    { "unknown:Pow|" },
  }
end)

t.test("offers what a method's result has, by the schema", function()
  check {
    { "w:PowerOnVM_Task():aw|", "await" },
    { "w:CloneVM_Task{ name = 'x' }:await().ent|", "entity", "entityName" },
    { "w:CloneVM_Task{ name = 'x' }:await().result:PowerOf|", "PowerOffVM_Task" },
    { "vc.content.searchI|", "searchIndex" },
    { "vc.content.searchIndex:FindByInv|", "FindByInventoryPath" },
    { "vc.content.viewManager:CreateContainerView{}:DestroyV|", "DestroyView" },
    { "o:get('config.hardware').numC|", "numCPU", "numCoresPerSocket" },
    { "o:get('config.hardware').device[1].backing|", "backing" },
    { "w:ReconfigVM_Task{}|:x" },
  }
end)

t.test("offers the parameters of a method, and the fields of their very types at any depth", function()
  check {
    { "w:ReconfigVM_Task{ |", "spec" },
    { "w:ReconfigVM_Task({ |", "spec" },
    { "w:ReconfigVM_Task{ spec = { numC|", "numCPUs", "numCoresPerSocket" },
    { "w:ReconfigVM_Task{ spec = { numCPUs = 2, numC|", "numCoresPerSocket" },
    { "w:ReconfigVM_Task{ spec = { numC|, numCPUs = 2 } }", "numCoresPerSocket" },
    { "w:ReconfigVM_Task{\n  spec = {\n    deviceChange = {\n      { dev|", "device" },
    { "w:ReconfigVM_Task{ spec = { deviceChange = { { operation = 'add' }, { file|", "fileOperation" },
    { "w:ReconfigVM_Task{ spec = { deviceChange = { { device = { unit|", "unitNumber" },
    { "w:ReconfigVM_Task{ spec = { deviceChange = { { device = { _typeName = 'VirtualDisk', capacity|",
      "capacityInBytes", "capacityInKB" },
    { "w:ReconfigVM_Task{ spec = { deviceChange = { { device = vim.VirtualDisk { capacity|",
      "capacityInBytes", "capacityInKB" },
    { "w:ReconfigVM_Task{ spec = { deviceChange = { { device = vim.VirtualVmxnet|",
      "VirtualVmxnet", "VirtualVmxnet2", "VirtualVmxnet3", "VirtualVmxnet3Vrdma" },
    { "w:ReconfigVM_Task{ spec = { deviceChange = { { device = { _typeName = 'VirtualVmxnet|",
      "VirtualVmxnet", "VirtualVmxnet2", "VirtualVmxnet3", "VirtualVmxnet3Vrdma" },
    { "w:ReconfigVM_Task{ spec = { deviceChange = { { device = { _type|", "_typeName" },
    { "spec = vim.VirtualMachineConfigSpec { memoryM|", "memoryMB" },
  }
end)

t.test("offers the members of an enumeration", function()
  check {
    { 'w:ReconfigVM_Task{ spec = { deviceChange = { { operation = "a|', "add" },
    { "w:ReconfigVM_Task{ spec = { deviceChange = { { operation = |", '"add"', '"edit"', '"remove"', "…" },
    { 'o:get("runtime.powerState") == "poweredO|', "poweredOff", "poweredOn" },
    { 'if info.state ~= "su|', "success" },
    { "w:PowerOnVM_Task():await().state == [[su|", "success" },
  }
end)

t.test("offers property paths", function()
  check {
    { 'w:get("config.har|', "hardware" },
    { 'w:get("config.hardware.num|', "numCPU", "numCoresPerSocket" },
    { 'w:get("name", "runt|', "runtime" },
    { 'w:get "gue|', "guest", "guestHeartbeatStatus" },
    { 'w:get("config.hardware.device[2000].unit|', "unitNumber" },
    { 'w:get("runtime.host.na|' },
    { 'vc:rows{ type = "VirtualMachine", props = { "runtime.po|', "powerState" },
    { 'vc:rows{ props = { "name", "runtime.po|" }, type = "HostSystem" }' },
    { 'vc:rows{ type = "VirtualMachine", where = { na|', "name" },
    { 'vc:rows{ type = "VirtualMachine", where = { ["runtime.po|', "powerState" },
    { 'vc:rows{ type = "VirtualMachine", where = { ["runtime.powerState"] = "poweredOf|', "poweredOff" },
    { 'vc:watch{ type = "HostSystem", props = { "summary.ma|', "managementServerIp", "maxEVCModeKey",
      "…" },
    { 'vc:find_one{ type = "VirtualMachine", where = { ["config.guestI|', "guestId", "guestIntegrityInfo" },
  }
end)

t.test("leaves what is written of a path before its last dot", function()
  local answer = at 'w:get("config.har|'
  t.equal({ answer.from, answer.items[1].text }, { #'w:get("config.', "hardware" })
end)

t.test("offers a connection's functions, their options and what they give", function()
  check {
    { "vc:ro|", "rows" },
    { "vc:rows{ |", "objects", "page", "props", "root", "type", "unchecked", "where" },
    { 'vc:rows{ type = "x", |', "objects", "page", "props", "root", "unchecked", "where" },
    { 'vc:rows{ type = "VirtualMac|', "VirtualMachine", "VirtualMachineCompatibilityChecker",
      "VirtualMachineGuestCustomizationManager", "VirtualMachineProvisioningChecker", "VirtualMachineSnapshot" },
    { 'vc:find_one{ type = "HostSystem", name = "e|', "esx-1" },
    { 'vc:find_one{ type = "HostSystem" }:EnterM|', "EnterMaintenanceMode_Task" },
    { 'vc:find{ type = "HostSystem" }[1]:EnterM|', "EnterMaintenanceMode_Task" },
    { 'vc:object("VirtualMachine", "vm-42"):PowerOn|', "PowerOnVM_Task" },
    { 'for row in vc:rows{ type = "VirtualMachine" } do row.ref:PowerOn|', "PowerOnVM_Task" },
    { "vcenter():find_|", "find_one" },
    { "vc.ta|", "tags", "target" },
    { "vc.tags:attach|", "attach", "attach_many", "attached" },
  }
end)

t.test("offers kinds and their fields at any depth", function()
  check {
    { 'vm "x" { mem|', "memory" },
    { 'vm("x"){ cpus = 2, mem|', "memory" },
    { "vm 'x' { disks = { { si|", "size" },
    { "w { disks = { { si|", "size" },
    { 'vm "x" { power = "o|', "off", "on" },
    { 'vm "x" { disks = { { thin = t|', "then", "true" },
    { "w.mem|", "memory" },
    { "w.power = 'o|", "off", "on" },
    { 'cluster("C").ho|', "hosts" },
    { 'for _, h in ipairs(cluster("C").hosts) do h:EnterM|', "EnterMaintenanceMode_Task" },
    { 'vm "x" { absent = fal|', "false" },
    { 'vm "x" { ignore = { "mem|', "memory" },
    { "defaults { gu|", "guest_id" },
  }
end)

t.test("offers the names of live objects, where a name is wanted", function()
  check {
    { 'vm "web-|', "web-01", "web-02" },
    { "vm('web-|", "web-01", "web-02" },
    { 'vm "db|', 'db \\"1\\"' },
    { "vm 'db|", 'db "1"' },
    { "vm [[db|", 'db "1"' },
    { 'vm "db \\"|', 'db \\"1\\"' },
    { 'vm "es|', "es\\x1b[1m\\u{202e}]" },
    { "vm [[es|" },
    { 'vm "x" { host = "es|', "esx-1" },
    { 'portgroup "p" { hosts = { "es|', "esx-1" },
    { 'vm "zzz|' },
  }
end)

t.test("offers globals, locals, their fields and keywords", function()
  check {
    { "plai|", "plain" },
    { "x = plai|", "plain" },
    { "{ plai|", "plain" },
    { "repea|", "repeat" },
    { "plain.|", "alpha", "list" },
    { "plain.alpha.|", "beta" },
    { "plain.list[1].|", "gamma" },
    { 'plain["not|', "not a name" },
    { "string.rep|", "rep" },
    { "('x'):up|", "upper" },
    { "info.res|", "result" },
    { "info.descr|", "description", "descriptionId" },
    { "local a = w\na:Reconf|", "ReconfigVM_Task" },
    { "if o th|", "then" },
    { "f()\nplai|", "plain" },
    { "local a = { w = 1 } a = 1 .. plai|", "plain" },
    { "vim.VirtualMachineConfigSp|", "VirtualMachineConfigSpec" },
  }
end)

t.test("runs nothing to look into a value", function()
  check {
    { "loud.|", "own" },
    { "loud.other.|" },
    { "rows[1].|", "name", "ref" },
    { "rows[1].ref:EnterM|", "EnterMaintenanceMode_Task" },
  }
end)

t.test("offers commands and what they take", function()
  check {
    { ":lo|", "load" },
    { ":|", "load", "save", "target", "time" },
    { ":target l|", "lab" },
    { ":none x|" },
    { 'w:get(":lo|' },
  }
end)

t.test("offers files", function()
  local directory = t.tmpdir()
  os.execute(("mkdir %s/inner && touch %s/one.lua %s/other.lua %s/.hidden %s/'o\27'"):format(
    directory, directory, directory, directory, directory))
  check {
    { (":load %s/o|"):format(directory), "one.lua", "other.lua" },
    { (":load %s/|"):format(directory), "inner/", "one.lua", "other.lua" },
    { (":save %s/.|"):format(directory), ".hidden", "…" },
    { ("dofile '%s/in|"):format(directory), "inner/" },
    { (":load %s/none/o|"):format(directory) },
    { ":load ./stdl|", "stdlib/" },
  }
end)

t.test("offers what is documented", function()
  check {
    { 'doc "VirtualMachineRelocateSpec|', "VirtualMachineRelocateSpec", "VirtualMachineRelocateSpecDiskLocator",
      "…" },
    { "?vm.mem|", "vm.memory" },
    { "?vm.Reconf|", "vm.ReconfigVM_Task" },
    { "?VirtualMachine.Reconf|", "VirtualMachine.ReconfigVM_Task" },
    { "?VirtualMachine.config.har|", "VirtualMachine.config.hardware" },
    { "? vm.disks.si|", "vm.disks.size" },
    { "?CloneVM|", "CloneVM_Task" },
    { "?vm:Reconf|", "vm:ReconfigVM_Task" },
    { "?w.mem|", "w.memory" },
    { "?o.config.har|", "o.config.hardware" },
    { "?o:Reconf|", "o:ReconfigVM_Task" },
    { 'doc "vm.nosuch.x|' },
  }
end)

t.test("offers nothing in comments, numbers and texts of which nothing is known", function()
  check {
    { "-- plai|" }, { "x = 1 --[[ plai|" }, { 'x = "plai|' }, { "x = 'a' .. \"plai|" },
    { "w:Pow -- ]] w:Pow|" },
  }
end)

t.test("bears any beginning of a text", function()
  local text = [==[for _, h in ipairs(cluster("C").hosts) do local x = w:ReconfigVM_Task{ spec = { ["a"] = [[b]],
    deviceChange = { { operation = "add", device = vim.VirtualDisk { key = -1 } } } } }:await() if x.y[1] == 'z' then
    vm "x" { disks = { { size = "1GiB" } } } end end -- end ]] ) } ]==]
  for cursor = 0, #text do t.equal(completer:at(text, cursor).from <= cursor, true) end
  for from = 1, #text do completer:at(text:sub(from), #text - from + 1) end
end)

t.test("counts what it does not list", function()
  local answer = at "vim.V|"
  t.equal(#answer.items, 200)
  local count = 0
  for _, name in ipairs(api.names "type") do
    if name:sub(1, 1) == "V" then count = count + 1 end
  end
  t.equal(answer.more, count - 200)
  t.is_nil(answer.items[1].note)
end)

t.test("goes on as far as all do, where there are too many to list", function()
  t.is_true(#at "vim.VirtualMachineC|".items > 1)
  t.equal(at "vim.Virt|".items, { { text = "Virtual" } })
  local many = complete.open {
    env = function(name) return env[name] end,
    names = { find = function() return { items = { { text = 'a "b" 1' } }, more = 300, prefix = 'a "b" ' } end },
  }
  t.equal(many:at('vm "a', 5), { from = 4, items = { { text = 'a \\"b\\" ' } } })
  t.equal(many:at('vm "a \\"b\\" ', 12).more, 300)
end)

t.test("adds what follows a method", function()
  t.equal(at("w:ReconfigVM_T|").items[1].suffix, "{ ")
  t.equal(at("w:PowerOffVM_T|").items[1].suffix, "()")
  t.is_nil(at("w:PowerOnVM_T|").items[1].suffix)
  t.match(at("w:ReconfigVM_T|").items[1].note, "{ spec } → Task")
end)

t.test("does not wait for names", function()
  local pending = complete.open { names = { find = function() return { items = {}, prefix = "", pending = true } end } }
  local me, other_ran = task.current(), false
  local other = task.spawn(function() other_ran = true end)
  t.is_true(pending:at('vm "web', 7).pending)
  t.is_true(me:status() ~= "done" and not other_ran)
  other:join()
end)
