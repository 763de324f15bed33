local collector = require "perilune.vim.collector"
local inventory = require "perilune.vim.inventory"
local scope = require "perilune.util.scope"
local server = require "tests.support.server"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

local function names_of(rows)
  local list = {}
  for i, row in ipairs(rows) do list[i] = row.name end
  table.sort(list)
  return list
end

local function vm_spec(vc, paths)
  return { inventory.filter(vc.content.rootFolder, { VirtualMachine = paths }) }
end

t.test("reads properties of all VMs in one request", function()
  local lab = server.start {}
  local vc = lab:connect()
  local rows = vc:retrieve { spec_set = vm_spec(vc, { "name", "config.hardware.numCPU", "runtime.host" }) }
  t.equal(names_of(rows), { "DC0_C0_RP0_VM0", "DC0_C0_RP0_VM1", "DC0_H0_VM0", "DC0_H0_VM1" })
  t.equal({ rows[1]["config.hardware.numCPU"], rows[1].missing }, { 1 })
  t.equal(rows[1].ref, vc:object("VirtualMachine", tostring(rows[1].ref):match ":(.*)"))
  t.equal(vc:stats().requests, 1)
end)

t.test("follows the pages of a server to the end", function()
  local lab = server.start { "-vm", "7" }
  local vc = lab:connect()
  local rows = vc:retrieve { spec_set = vm_spec(vc, { "name" }), page = 4 }
  t.equal(#rows, 14)
  t.equal(names_of(rows), names_of(vc:retrieve { spec_set = vm_spec(vc, { "name" }) }))
  t.equal(lab:requests().soap.ContinueRetrievePropertiesEx, 3)
end)

t.test("pages as large as the server likes are followed without being asked for", function()
  local lab = server.start { "-vm", "7", "-page-size", "3" }
  local vc = lab:connect()
  t.equal(#vc:find { type = "VirtualMachine" }, 14)
  t.equal(#vc:rows { type = "VirtualMachine", page = 5 }, 14)
  t.equal(lab:requests().soap.ContinueRetrievePropertiesEx, 8)
end)

t.test("rows are handed over while the next page is on its way", function()
  local lab = server.start { "-vm", "7", "-page-size", "4" }
  local vc = lab:connect()
  lab:rules { { method = "ContinueRetrievePropertiesEx", action = { delayMs = 300 } } }
  local seen, requests = 0, nil
  for _ in vc:rows { type = "VirtualMachine" } do
    seen = seen + 1
    if seen == 3 then -- the fourth of the page is still to come
      task.sleep(0)
      requests = vc:stats().requests
    end
  end
  t.equal({ seen, requests }, { 14, 2 })
  t.equal(lab:requests().soap.ContinueRetrievePropertiesEx, 3)
end)

t.test("a loop that breaks off frees what the server keeps, wherever it does", function()
  local lab = server.start { "-vm", "7", "-page-size", "4" }
  local vc = lab:connect()
  for count, asked in pairs { [1] = 0, [3] = 1, [6] = 2, [13] = 3 } do
    lab:reset_requests()
    local seen = 0
    for _ in vc:rows { type = "VirtualMachine" } do
      seen = seen + 1
      if seen == count then break end
    end
    local soap = lab:requests().soap
    t.equal({ count, soap.ContinueRetrievePropertiesEx or 0 }, { count, asked })
    t.equal({ count, soap.CancelRetrievePropertiesEx }, { count, asked < 3 and 1 or nil }) -- the third is the last page
    t.equal(vc.streams, 0)
  end
  t.equal(#vc:find { type = "VirtualMachine" }, 14)
end)

t.test("an error in the loop frees it too", function()
  local lab = server.start { "-vm", "7", "-page-size", "4" }
  local vc = lab:connect()
  t.raises(function()
    for row in vc:rows { type = "VirtualMachine" } do error(row.name) end
  end)
  t.equal(lab:requests().soap.CancelRetrievePropertiesEx, 1)
  t.equal(vc.streams, 0)
end)

t.test("loops within loops leave connections to what is called in them", function()
  local lab = server.start { "-vm", "20" }
  local connection = require "perilune.vim.connection"
  local props = { "name", "config", "config.hardware", "config.hardware.device", "summary", "layoutEx", "capability" }
  for _, connections in ipairs { 2, 4 } do
    local vc <close> = connection.open(lab:target(), { connections = connections })
    local reads, list = 0, {}
    for i = 1, 5 do list[i] = i end
    scope.timeout(30, scope.parallel, 5, list, function()
      for row in vc:rows { type = "VirtualMachine", props = props } do
        if row.name:find "VM7$" then
          row.ref:get "name"
          reads = reads + 1
        end
      end
    end)
    t.equal({ reads, vc.streams }, { 10, 0 })
  end
end)

t.test("an unknown property is refused before anything is sent, with the nearest name", function()
  local vc = server.start({}):connect()
  local e = t.raises(function() vc:retrieve { spec_set = vm_spec(vc, { "name", "config.hardware.numCpu" }) } end,
    "vim.property")
  t.match(tostring(e), 'did you mean "config.hardware.numCPU"?')
  t.match(tostring(t.raises(function() vc:find_one { type = "VirtualMachin" } end, "soap.type")), "VirtualMachine")
  t.equal(vc:stats().requests, 0)
end)

t.test("a property that only the server lacks is the same error, from a fault or beside each object", function()
  local lab = server.start {}
  local vc = lab:connect()
  local check = collector.check
  collector.check = function() end
  t.cleanup(function() collector.check = check end)
  local function read() vc:retrieve { spec_set = vm_spec(vc, { "name", "nonesuch" }) } end
  t.match(tostring(t.raises(read, "vim.property")), '"nonesuch"')
  lab:rules { { method = "RetrievePropertiesEx", times = 1, action = { fault = "InvalidProperty" } } }
  t.raises(read, "vim.property")
end)

t.test("values of one object come in the order asked for, unset ones as nil", function()
  local vc = server.start({}):connect()
  local vm = vc:find_one { type = "VirtualMachine", name = "DC0_H0_VM0" }
  local state, parent_app, name = vm:get("runtime.powerState", "parentVApp", "name")
  t.equal({ state, name }, { "poweredOn", "DC0_H0_VM0" })
  t.is_nil(parent_app)
end)

t.test("an object that does not exist is an error that says so", function()
  local vc = server.start({}):connect()
  local gone = vc:object("VirtualMachine", "vm-99999")
  local e = t.raises(function() gone:get "name" end, "vim.fault")
  t.equal(e.fault._typeName, "ManagedObjectNotFound")
  t.match(tostring(e), "VirtualMachine:vm-99999 does not exist any more")
end)

t.test("a read survives connections that are cut, at any place", function()
  local lab = server.start {}
  local vc = lab:connect()
  for _, where in ipairs { "before", "middle", "after" } do
    lab:rules { { method = "RetrievePropertiesEx", times = 1, action = { cut = where } } }
    t.equal(#vc:retrieve { spec_set = vm_spec(vc, { "name" }) }, 4, where)
  end
end)

t.test("a session or connection that ends between two pages is renewed, and the whole read repeated", function()
  local lab = server.start { "-vm", "7" }
  local vc = lab:connect()
  for i, action in ipairs { { fault = "NotAuthenticated" }, { cut = "before" }, { cut = "after" } } do
    lab:rules { { method = "ContinueRetrievePropertiesEx", times = 1, action = action } }
    lab:reset_requests()
    t.equal(#vc:retrieve { spec_set = vm_spec(vc, { "name" }), page = 4 }, 14)
    t.equal(lab:requests().soap.RetrievePropertiesEx, 2, "start over " .. i)
  end
end)

t.test("where rows were handed over already, those that follow come, and none twice", function()
  local lab = server.start { "-vm", "7" }
  local vc = lab:connect()
  for _, action in ipairs { { fault = "NotAuthenticated" }, { cut = "before" }, { cut = "middle" } } do
    lab:rules { { method = "ContinueRetrievePropertiesEx", times = 1, action = action } }
    local seen, count = {}, 0
    for row in vc:retrieve_each { spec_set = vm_spec(vc, { "name" }), page = 4 } do
      t.is_nil(seen[row.name])
      seen[row.name], count = true, count + 1
    end
    t.equal(count, 14)
  end
end)

-- The inventory ---------------------------------------------------------------------------------------------

t.test("one traversal reaches every kind of entity, in one request", function()
  local lab = server.start { "-app", "1", "-pool", "1", "-pod", "1", "-folder", "1", "-pg", "2", "-nsx", "1" }
  local vc = lab:connect()
  local count = {}
  local paths = { "name", "parent" }
  local rows = vc:read_inventory {
    Folder = paths, Datacenter = paths, ComputeResource = paths, HostSystem = paths, ResourcePool = paths,
    VirtualApp = paths, Datastore = paths, Network = paths, DistributedVirtualSwitch = paths, VirtualMachine = paths,
  }
  for _, row in ipairs(rows) do
    local kind = inventory.type_of(row.ref)
    count[kind] = (count[kind] or 0) + 1
  end
  t.equal(vc:stats().requests, 1)
  for _, kind in ipairs {
    "Datacenter", "ClusterComputeResource", "HostSystem", "VirtualApp", "Datastore", "OpaqueNetwork",
    "DistributedVirtualPortgroup", "DistributedVirtualSwitch", "StoragePod", "VirtualMachine",
  } do
    local _, found = lab:govc("find", "/", "-type", kind):gsub("[^\n]+", "")
    t.is_true(found > 0, kind .. ": govc finds none")
    t.equal(count[kind], found, kind)
  end
end)

t.test("no object is reported twice", function()
  local vc = server.start({ "-app", "1", "-pool", "2" }):connect()
  local seen = {}
  for _, row in ipairs(vc:read_inventory { ManagedEntity = { "name" } }) do
    t.is_nil(seen[row.ref], tostring(row.ref))
    seen[row.ref] = true
  end
end)

-- Finding ---------------------------------------------------------------------------------------------------

t.test("finds by type, glob and value", function()
  local vc = server.start({}):connect()
  t.equal(#vc:find { type = "VirtualMachine", name = "DC0_H0_*" }, 2)
  t.equal(#vc:find { type = "VirtualMachine", name = "DC0_H0_VM?" }, 2)
  t.equal(#vc:find { type = "VirtualMachine", where = { ["config.hardware.numCPU"] = 2 } }, 0)
  t.equal(#vc:find { type = "VirtualMachine", where = { ["config.hardware.numCPU"] = 1 } }, 4)
  t.equal(#vc:find { type = "HostSystem" }, 4)
end)

t.test("a name that nothing has is an error with the nearest, one that several have lists their paths", function()
  local vc = server.start({}):connect()
  local e = t.raises(function() vc:find_one { type = "VirtualMachine", name = "DC0_H0_VM9" } end, "vim.not_found")
  t.match(e.hint, "DC0_H0_VM")
  e = t.raises(function() vc:find_one { type = "VirtualMachine", name = "DC0_H0_*" } end, "vim.ambiguous")
  t.match(e.detail, "/DC0/vm/DC0_H0_VM0 (VirtualMachine:vm-")
end)

t.test("rows can be looped over, or used as a list that is read once", function()
  local lab = server.start {}
  local vc = lab:connect()
  local looped = {}
  for row in vc:rows { type = "VirtualMachine", props = { "name" }, where = { name = "*_VM0" } } do
    looped[#looped + 1] = row
  end
  local rows = vc:rows { type = "VirtualMachine", props = { "name" }, where = { name = "*_VM0" } }
  t.equal({ #rows, rows[1].name, rows[2].name }, { 2, looped[1].name, looped[2].name })
  t.equal(vc:stats().requests, 2)
end)

-- Methods ---------------------------------------------------------------------------------------------------

t.test("an unknown method is an error with the nearest name, a property is told from a method", function()
  local vc = server.start({}):connect()
  local vm = vc:object("VirtualMachine", "vm-1")
  t.match(tostring(t.raises(function() vm:PowerOnVm_Task() end, "soap.method")), 'did you mean "PowerOnVM_Task"?')
  t.match(tostring(t.raises(function() return vm.name end, "soap.method")), "is a property")
  t.match(tostring(t.raises(function() vm.PowerOnVM_Task {} end, "argument")), "with a colon")
  t.match(tostring(t.raises(function() vm:PowerOnVM_Task "host" end, "argument")), "by name")
  t.equal(vc:stats().requests, 0)
end)

t.test("a write whose connection dies after it was sent is sent once, and its outcome told", function()
  local lab = server.start {}
  local vc = lab:connect()
  local folder = vc:find_one { type = "Folder", name = "vm" }
  lab:rules { { method = "CreateFolder", times = 1, action = { cut = "after" } } }
  local e = t.raises(function() folder:CreateFolder { name = "once" } end, "http.unknown")
  t.match(tostring(e), "the outcome of CreateFolder on Folder:")
  t.equal(lab:requests().soap.CreateFolder, 1)
  t.equal(#vc:find { type = "Folder", name = "once" }, 1)
end)

t.test("a session that ended, as told beside an object, is renewed and the read repeated", function()
  local lab = server.start {}
  local vc = lab:connect()
  local method = require "perilune.vim.method"
  local open = method.open
  t.cleanup(function() method.open = open end)
  function method.open(...)
    method.open = open
    local reply = open(...)
    local row = { ref = vc.content.rootFolder, missing = { name = { fault = { _typeName = "NotAuthenticated" } } } }
    reply.row = function() return row end
    return reply
  end
  t.equal(#vc:retrieve { spec_set = vm_spec(vc, { "name" }) }, 4)
  t.equal(vc:stats().logins, 2)
end)
