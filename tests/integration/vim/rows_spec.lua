local server = require "tests.support.server"
local t = require "tests.support.spec"

t.test("properties of known objects are one request, in their order, whatever their types", function()
  local vc = server.start({}):connect()
  local vm, host = vc:find_one "/DC0/vm/DC0_H0_VM0", vc:find_one "/DC0/host/DC0_C0/DC0_C0_H1"
  local folder = vc:find_one "/DC0/vm"
  local before = vc:stats().requests
  local rows = vc:get_many { objects = { host, vm, folder, vm }, props = { "name" } }
  t.equal(vc:stats().requests - before, 1)
  t.equal({ rows[1].name, rows[2].name, rows[3].name, #rows }, { "DC0_C0_H1", "DC0_H0_VM0", "vm", 4 })
  t.equal({ rows[1].ref, rows[2].ref, rows[4] }, { host, vm, rows[2] })
  t.equal(vc:get_many { objects = {} }, {})
end)

t.test("what could not be read reaches the caller by object, also that an object is gone", function()
  local vc = server.start({}):connect()
  local vm, gone = vc:find_one "/DC0/vm/DC0_H0_VM0", vc:object "vm-99999"
  local props = { "name", "runtime.powerState" }
  local rows = vc:get_many { objects = { gone, vm }, props = props }
  t.equal({ rows[1].ref, rows[1].name, rows[2].name, rows[2].missing }, { gone, nil, "DC0_H0_VM0" })
  for _, path in ipairs(props) do t.equal(rows[1].missing[path]._typeName, "ManagedObjectNotFound") end
  local seen = {}
  for row in vc:rows { objects = { gone, vm }, props = props } do seen[#seen + 1] = row.ref end
  t.equal(seen, { vm, gone })
  t.equal(#vc:rows { objects = { gone, vm }, where = { name = "*" } }, 1)
end)

t.test("rows have the name where nothing else is asked for", function()
  local vc = server.start({}):connect()
  for row in vc:rows { type = "HostSystem" } do t.match(row.name, "_H") end
end)

t.test("conditions may be values, wildcards and functions", function()
  local vc = server.start({}):connect()
  local function count(where) return #vc:rows { type = "VirtualMachine", where = where } end
  t.equal(count { name = "DC0_H0_*" }, 2)
  t.equal(count { name = "DC0_H0_VM?", ["config.hardware.numCPU"] = 1 }, 2)
  t.equal(count { ["config.hardware.numCPU"] = function(n) return n > 1 end }, 0)
  t.equal(count { ["runtime.powerState"] = "poweredOn" }, 4)
end)

t.test("a root bounds what is read, also by path in find", function()
  local vc = server.start({ "-dc", "2" }):connect()
  local root = vc:find_one "/DC1"
  t.equal(#vc:rows { type = "VirtualMachine", root = root }, 4)
  t.equal(#vc:rows { type = "VirtualMachine", root = vc:find_one "/DC1/vm" }, 4)
  t.equal(#vc:rows { type = "HostSystem", root = vc:find_one "/DC1/host" }, 4)
  t.equal(#vc:rows { type = "HostSystem", root = vc:find_one "/DC1/host/DC1_C0" }, 3)
  t.equal(#vc:rows { type = "Datastore", root = vc:find_one "/DC1/datastore" }, 1)
  t.equal(#vc:find { type = "VirtualMachine", root = "/DC1" }, 4)
end)

t.test("machines in vApps are found from the root, from their folder and from their pool", function()
  local vc = server.start({ "-app", "1" }):connect()
  local function names(root)
    local list = {}
    for row in vc:rows { type = "VirtualMachine", root = root, where = { name = "*_APP0_*" } } do
      list[#list + 1] = row.name
    end
    table.sort(list)
    return list
  end
  local all = names()
  t.equal(#all, 2)
  for _, path in ipairs { "/DC0", "/DC0/vm", "/DC0/host/DC0_C0", "/DC0/host/DC0_C0/Resources" } do
    t.equal(names(vc:find_one(path)), all, path)
  end
end)

t.test("mistakes are told before anything is sent", function()
  local vc = server.start({}):connect()
  t.match(t.raises(function() vc:rows { type = "VirtualMachine", prop = {} } end, "argument").hint, '"props"')
  t.raises(function() vc:rows {} end, "argument")
  t.raises(function() vc:rows { objects = { "vm-1" } } end, "argument")
  t.raises(function() vc:rows { type = "VirtualMachine", props = { "nam" } } end, "vim.property")
  t.raises(function() vc:rows { objects = { vc:object "vm-1", vc:object "host-1" }, props = { "runtime.bootTime",
    "config.hardware.numCPU" } } end, "vim.property") -- a host has no such hardware
  t.equal(vc:stats().requests, 0)
end)

t.test("printing rows shows what is in them, and text alone reads nothing", function()
  local lab = server.start {}
  local path = t.tmpdir() .. "/print.lua"
  local file = assert(io.open(path, "w"))
  file:write [[
    local rows = vcenter():rows { type = "HostSystem", where = { name = "DC0_H0" } }
    io.write(tostring(rows), "\n")
    print(rows)
    io.write(tostring(rows), "\n")
  ]]
  file:close()
  local outcome = lab:perilune("run", path)
  t.find(outcome.stdout, '^rows to come\n{ { ref = HostSystem:host%-%d+, name = "DC0_H0" } }\n1 row\n$')
end)

t.test("a task that nobody waits for costs its call alone", function()
  local lab = server.start {}
  local vc = lab:connect()
  local vm = vc:find_one "/DC0/vm/DC0_H0_VM0"
  lab:reset_requests()
  vm:PowerOffVM_Task()
  vc:close()
  t.equal(lab:requests().soap, { PowerOffVM_Task = 1, Logout = 1 })
end)
