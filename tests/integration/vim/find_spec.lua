--- Finding objects by path, name, id and URL; what that costs is counted by the server.
local collector = require "perilune.vim.collector"
local fault = require "perilune.vim.fault"
local scope = require "perilune.util.scope"
local server = require "tests.support.server"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

--- What is found, as sorted paths.
local function paths(vc, what)
  local list = {}
  for i, ref in ipairs(vc:find(what)) do list[i] = vc:path(ref) end
  table.sort(list)
  return list
end

--- How many requests fn costs.
local function cost(lab, fn)
  local before = lab:requests().total
  fn()
  return lab:requests().total - before
end

local function vm_config(name)
  return { name = name, guestId = "otherGuest", numCPUs = 1, memoryMB = 32, files = { vmPathName = "[LocalDS_0]" } }
end

local function create_vm(vc, folder, name)
  local pool = vc:find_one "/DC0/host/DC0_C0/Resources"
  return folder:CreateVM_Task { config = vm_config(name), pool = pool }:await().result
end

-- Paths -----------------------------------------------------------------------------------------------------

t.test("a path costs one request, however many objects there are, and none the second time", function()
  for _, machines in ipairs { "1", "40" } do
    local lab = server.start { "-vm", machines }
    local vc = lab:connect()
    t.equal(cost(lab, function() vc:find_one "/DC0/vm/DC0_H0_VM0" end), 1)
    t.equal(lab:requests().soap.FindByInventoryPath, 1)
    t.equal(cost(lab, function()
      t.equal(vc:find_one "/DC0//vm/DC0_H0_VM0/", vc:find_one "/DC0/vm/DC0_H0_VM0")
      t.equal(vc:find "/DC0/vm/DC0_H0_VM0", { vc:find_one "/DC0/vm/DC0_H0_VM0" })
    end), 0)
  end
end)

local function lines(text)
  local list = {}
  for line in text:gmatch "[^\n]+" do list[#list + 1] = line end
  table.sort(list)
  t.is_true(#list > 0, "govc finds nothing")
  return list
end

t.test("wildcards and dots find what govc finds", function()
  local lab = server.start { "-app", "1", "-dc", "2", "-pod", "1" }
  local vc = lab:connect()
  for _, pattern in ipairs { "/DC0/vm/*VM0", "/DC?/vm/*_H0_*", "/*/datastore/*DS*" } do
    t.equal(paths(vc, pattern), lines(lab:govc("ls", pattern)))
  end
  for below, name in pairs { ["/DC0/host"] = "*_H1", ["/DC1/host"] = "*", ["/"] = "*H?" } do
    local deep = (below .. "/.../" .. name):gsub("//", "/")
    local wanted = lines(lab:govc("find", below, "-type", "h", "-name", name))
    t.equal(paths(vc, { path = deep, type = "HostSystem" }), wanted)
  end
  t.equal(paths(vc, "/.../DC1_H0_VM?"), { "/DC1/vm/DC1_H0_VM0", "/DC1/vm/DC1_H0_VM1" })
  t.equal(paths(vc, "/DC1/nothing/*"), {})
  t.equal(#vc:find "/DC0/...", #vc:find { type = "ManagedEntity", root = "/DC0" } - 1)
end)

t.test("the requests for a path depend on the path, not on what is there", function()
  local costs = {}
  for i, machines in ipairs { "1", "40" } do
    local lab = server.start { "-vm", machines }
    local vc = lab:connect()
    costs[i] = {}
    for _, pattern in ipairs { "/DC0/vm/*_VM0", "/DC0/.../*_VM0", "/*/vm/DC0_H0*", "/..." } do
      table.insert(costs[i], cost(lab, function() t.is_true(#vc:find(pattern) > 0, pattern) end))
    end
  end
  t.equal(costs[1], { 2, 2, 3, 1 })
  t.equal(costs[2], costs[1])
end)

t.test("a slash within a name is %2f in a path, in either case, and itself in a name", function()
  local lab = server.start {}
  local vc = lab:connect()
  local folder = vc:find_one "/DC0/vm"
  local odd, plain = folder:CreateFolder { name = "a/b" }, folder:CreateFolder { name = "a" }
  local below = plain:CreateFolder { name = "b" }
  t.equal({ vc:find_one "/DC0/vm/a%2fb", vc:find_one "/DC0/vm/a%2Fb", vc:find_one "/DC0/vm/a/b" }, { odd, odd, below })
  t.equal({ vc:path(odd), vc:path(below) }, { "/DC0/vm/a%2fb", "/DC0/vm/a/b" })
  t.equal(vc:find_one { type = "Folder", name = "a/b" }, odd)
  t.equal({ vc:find "/DC0/vm/a%2f*", vc:find "/DC0/vm/a?b" }, { { odd }, { odd } })
end)

t.test("a relative path begins at the root, a datacenter, or its folder of the type, or where it is told", function()
  local vc = server.start({ "-dc", "2" }):connect()
  local vm = vc:find_one "/DC0/vm/DC0_H0_VM0"
  t.equal({ vc:find_one "DC0/vm/DC0_H0_VM0", vc:find_one "vm/DC0_H0_VM0" }, { vm, vm })
  t.equal(vc:find_one { type = "VirtualMachine", path = "DC0_H0_VM0" }, vm)
  t.equal(vc:find_one { path = "DC0_H0_VM0", root = vc:find_one "/DC0/vm" }, vm)
  t.equal(vc:find_one { path = "vm/DC0_H0_VM0", root = "/DC0" }, vm)
  t.equal(vc:path(vc:find_one { type = "ResourcePool", path = "DC1_C0/Resources" }), "/DC1/host/DC1_C0/Resources")
  t.equal(paths(vc, "vm/*_H0_VM0"), { "/DC0/vm/DC0_H0_VM0", "/DC1/vm/DC1_H0_VM0" })
  t.equal(vc:find { path = "DC0_H0_VM0", root = "/DC1/vm" }, {})
end)

t.test("a type and conditions choose among what a path leads to", function()
  local vc = server.start({}):connect()
  t.equal(#vc:find { path = "/DC0/...", type = "HostSystem" }, 4)
  t.equal(#vc:find { path = "/DC0/...", type = "ComputeResource" }, 2)
  vc:find_one("/DC0/vm/DC0_H0_VM0"):PowerOffVM_Task():await()
  local is_off = { ["runtime.powerState"] = "poweredOff" }
  local found = vc:find_one { path = "/DC0/vm/*", type = "VirtualMachine", where = is_off }
  t.equal(found, vc:find_one "/DC0/vm/DC0_H0_VM0")
end)

-- Names -----------------------------------------------------------------------------------------------------

t.test("names among many objects cost one request for all of them", function()
  local lab = server.start { "-vm", "40" }
  local vc = lab:connect()
  local function look_up()
    for i = 0, 39 do
      local name = "DC0_H0_VM" .. i
      t.equal(vc:get(vc:find_one { type = "VirtualMachine", name = name }, "name"), name)
    end
  end
  t.equal(cost(lab, look_up), 1 + 40)
  t.equal(cost(lab, function()
    local hosts = vc:find { type = "HostSystem" }
    scope.parallel(40, hosts, function() vc:find_one { type = "VirtualMachine", name = "DC0_H0_VM3" } end)
  end), 1)
end)

t.test("tasks that look up at the same time share the read", function()
  local lab = server.start { "-vm", "10" }
  local vc = lab:connect()
  local list = {}
  for i = 1, 10 do list[i] = i - 1 end
  t.equal(cost(lab, function()
    scope.parallel(10, list, function(i) vc:find_one { type = "VirtualMachine", name = "DC0_H0_VM" .. i } end)
  end), 1)
  t.equal(cost(lab, function()
    scope.parallel(10, list, function() vc:find_one "/DC0/vm/DC0_H0_VM1" end)
  end), 1)
  local reads = cost(lab, function() -- a read that had begun before somebody asked is not enough for that one
    scope.parallel(10, list, function(i) t.raises(function()
      vc:find_one { type = "VirtualMachine", name = "none-" .. i }
    end, "vim.not_found") end)
  end)
  t.is_true(reads <= 2, reads)
end)

t.test("what came after the read is found, and who is cancelled leaves the read to others", function()
  local lab = server.start {}
  local vc = lab:connect()
  vc:find_one { type = "VirtualMachine", name = "DC0_H0_VM0" }
  local made = create_vm(vc, vc:find_one "/DC0/vm", "late")
  t.equal(vc:find_one { type = "VirtualMachine", name = "late" }, made)
  lab:rules { { method = "RetrievePropertiesEx", times = 1, action = { delayMs = 300 } } }
  local function look_up() return vc:find_one { type = "HostSystem", name = "DC0_C0_H0" } end
  local first, second = scope.spawn(look_up), scope.spawn(look_up)
  task.sleep(0.05)
  first:cancel()
  t.equal(second:join(), vc:find_one "/DC0/host/DC0_C0/DC0_C0_H0")
end)

t.test("a word without a slash is the name of anything", function()
  local vc = server.start({}):connect()
  t.equal(vc:find_one "DC0_H0_VM0", vc:find_one "/DC0/vm/DC0_H0_VM0")
  t.equal(#vc:find "DC0_H0*", 4) -- two machines, the host and its compute resource
end)

t.test("an ambiguous name lists the candidates with their paths", function()
  local lab = server.start {}
  local vc = lab:connect()
  local folder = vc:find_one "/DC0/vm"
  for _, name in ipairs { "left", "right" } do create_vm(vc, folder:CreateFolder { name = name }, "twin") end
  local e = t.raises(function() vc:find_one { type = "VirtualMachine", name = "twin" } end, "vim.ambiguous")
  t.match(e.detail, "/DC0/vm/left/twin (VirtualMachine:vm-")
  t.match(e.detail, "/DC0/vm/right/twin (VirtualMachine:vm-")
  t.equal(#vc:find { type = "VirtualMachine", name = "twin" }, 2)
  t.equal(vc:path(vc:find_one { type = "VirtualMachine", name = "twin", root = "/DC0/vm/left" }), "/DC0/vm/left/twin")
end)

t.test("a network and a port group of one name are told apart by their type alone", function()
  local vc = server.start({}):connect()
  local group, network = vc:find_one "/DC0/network/DC0_DVPG0", "/DC0/network/VM Network"
  local retrieve = collector.retrieve
  t.cleanup(function() collector.retrieve = retrieve end)
  function collector.retrieve(...) -- a host may have a network of a name that a port group has already
    local rows = retrieve(...)
    for _, row in ipairs(rows) do
      if row.ref == group then row.name = "VM Network" end
    end
    return rows
  end
  local e = t.raises(function() vc:find_one(network) end, "vim.ambiguous")
  t.match(e.detail, "(DistributedVirtualPortgroup:")
  t.match(e.detail, "(Network:")
  t.equal(vc:find_one { path = network, type = "DistributedVirtualPortgroup" }, group)
end)

t.test("what is not there is an error that says where the path ends, with the nearest name", function()
  local vc = server.start({}):connect()
  local function fails(what, hint, detail)
    local e = t.raises(function() vc:find_one(what) end, "vim.not_found")
    t.match(e.hint or "", hint)
    t.match(e.detail or "", detail or "")
  end
  fails("/DC0/vm/DC0_H0_VM7", 'did you mean "/DC0/vm/DC0_H0_VM', '/DC0/vm has no "DC0_H0_VM7"')
  fails("/DC0/wm/DC0_H0_VM1", 'did you mean "/DC0/vm/DC0_H0_VM1"?', '/DC0 has no "wm"')
  fails("/DC0/vm/.../nothing-*", "")
  fails({ type = "VirtualMachine", name = "DC0_H0_VM7" }, "did you mean \"DC0_H0_VM")
  fails({ type = "HostSystem", path = "/DC0/vm/DC0_H0_VM1" }, "", "there is VirtualMachine:vm-")
end)

-- What is known ---------------------------------------------------------------------------------------------

t.test("a reference is dropped when the server says its object is gone, and looked up again for a read", function()
  local lab = server.start {}
  local vc, other = lab:connect(), lab:connect()
  local path, name = "/DC0/vm/phoenix", { type = "VirtualMachine", name = "phoenix" }
  create_vm(other, other:find_one "/DC0/vm", "phoenix")
  t.equal(vc:get(path, "name"), "phoenix")
  local first = vc:find_one(name)
  other:find_one(path):Destroy_Task():await()
  local second = create_vm(other, other:find_one "/DC0/vm", "phoenix")
  t.equal(vc:find_one(path), first, "nobody has said yet that it is gone")
  local before = vc:stats().requests
  local value = vc:get(path, "name")
  t.equal(vc:stats().requests - before, 3) -- refused, looked up, read
  local found = vc:find_one(path)
  t.equal({ value, tostring(found), tostring(vc:find_one(name)) }, { "phoenix", tostring(second), tostring(second) })
  other:find_one(path):Destroy_Task():await()
  local e = t.raises(function() found:PowerOnVM_Task() end, "vim.fault") -- a write is not repeated
  t.is_true(fault.is(e.fault, "ManagedObjectNotFound"))
  t.raises(function() vc:get(path, "name") end, "vim.not_found")
end)

t.test("what the connection itself renames, moves or destroys is not found where it was", function()
  local vc = server.start({}):connect()
  local folder = vc:find_one "/DC0/vm"
  local sub = folder:CreateFolder { name = "sub" }
  local vm = create_vm(vc, sub, "old")
  local name = { type = "VirtualMachine", name = "old" }
  t.equal({ vc:find_one(name), vc:find_one "/DC0/vm/sub/old" }, { vm, vm })
  vm:Rename_Task { newName = "new" }:await()
  t.raises(function() vc:find_one(name) end, "vim.not_found")
  t.raises(function() vc:find_one "/DC0/vm/sub/old" end, "vim.not_found")
  t.equal(vc:find_one "/DC0/vm/sub/new", vm)
  sub:Rename_Task { newName = "renamed" }:await()
  t.raises(function() vc:find_one "/DC0/vm/sub/new" end, "vim.not_found")
  t.equal(vc:find_one "/DC0/vm/renamed/new", vm)
  folder:MoveIntoFolder_Task { list = { vm } }:await()
  t.equal({ vc:path(vm), vc:find "/DC0/vm/renamed/new" }, { "/DC0/vm/new", {} })
end)

-- Ids and URLs ----------------------------------------------------------------------------------------------

t.test("objects are one for each id, from wherever they come", function()
  local lab = server.start {}
  local vc = lab:connect()
  local vm = vc:find_one "/DC0/vm/DC0_H0_VM0"
  local id = tostring(vm):match ":(.+)"
  t.equal({ vc:object(id), vc:object("VirtualMachine", id), vc:object(tostring(vm)) }, { vm, vm, vm })
  t.is_true(rawequal(vc:object(id), vm))
  t.equal(vc:object "SearchIndex", vc.content.searchIndex)
  t.equal(vc:mob("https://127.0.0.1/mob/?moid=" .. id), vm)
  local urn = ("urn:vmomi:VirtualMachine:%s:%s"):format(id, vc.about.instanceUuid)
  t.equal(vc:mob(("https://x/ui/app/vm;nav=v/%s/summary"):format(urn)), vm)
  t.equal(lab:requests().soap.FindByInventoryPath, 1)
  t.is_nil(lab:requests().soap.RetrievePropertiesEx)
end)

t.test("a URL that leads to a property gives its value too, in one request", function()
  local lab = server.start {}
  local vc = lab:connect()
  local host = vc:find_one "/DC0/host/DC0_H0/DC0_H0"
  local url = ("https://127.0.0.1/mob/?moid=%s&doPath=hardware.cpuInfo"):format(tostring(host):match ":(.+)")
  local found, value
  t.equal(cost(lab, function() found, value = vc:mob(url) end), 1)
  t.equal({ found, value._typeName }, { host, "HostCpuInfo" })
  local e = t.raises(function() vc:mob((url:gsub("cpuInfo", "cpuInf"))) end, "vim.property")
  t.match(e.hint, "hardware.cpuInfo")
end)

t.test("options that do not exist, and nothing to look for, are errors", function()
  local vc = server.start({}):connect()
  t.match(t.raises(function() vc:find_one { typ = "VirtualMachine" } end, "argument").hint, '"type"')
  t.raises(function() vc:find {} end, "argument")
  t.raises(function() vc:find(42) end, "argument")
  t.raises(function() vc:find { path = "/DC0", name = "x" } end, "argument")
  t.raises(function() vc:find { type = "VirtualMachine", root = 5 } end, "argument")
  t.match(t.raises(function() vc:find { type = "VirtualMachin" } end, "soap.type").hint, "VirtualMachine")
  t.equal(vc:stats().requests, 0)
end)
