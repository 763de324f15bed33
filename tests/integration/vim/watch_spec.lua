local scope = require "perilune.util.scope"
local server = require "tests.support.server"
local sleep = require "perilune.c.task".sleep
local t = require "tests.support.spec"

local OURS = ">perilune-" -- the operation id in requests of the program, which are not govc's

local function connect(flags)
  local lab = server.start(flags or {})
  return lab, lab:connect()
end

local function vm_named(vc, name)
  return vc:find_one { type = "VirtualMachine", name = name or "DC0_H0_VM0" }
end

local function watch_vms(vc, props)
  local w = vc:watch { type = "VirtualMachine", props = props or { "name", "runtime.powerState" } }
  t.cleanup(function() w:close() end)
  return w
end

t.test("a watch begins with what is there, and tells what changes", function()
  local lab, vc = connect()
  local vm = vm_named(vc)
  local w = watch_vms(vc)
  t.equal({ #w, #w:rows(), w[vm].name, w[vm]["runtime.powerState"] }, { 4, 4, "DC0_H0_VM0", "poweredOn" })
  lab:govc("vm.power", "-off", "DC0_H0_VM0")
  local change = w()
  t.equal({ change.kind, change.object, change.changes },
    { "modify", vm, { ["runtime.powerState"] = { old = "poweredOn", new = "poweredOff" } } })
  t.equal({ change.old["runtime.powerState"], w[vm]["runtime.powerState"] }, { "poweredOn", "poweredOff" })
end)

t.test("objects that come and go are told with what they have and had", function()
  local lab, vc = connect()
  local w = watch_vms(vc, { "name" })
  lab:govc("vm.create", "-on=false", "-ds", "LocalDS_0", "-net", "DC0_DVPG0", "-host", "DC0_H0", "new")
  local change = w()
  t.equal({ change.kind, change.changes.name.new, #w }, { "enter", "new", 5 })
  lab:govc("vm.destroy", "new")
  change = w()
  t.equal({ change.kind, change.changes.name.old, change.new, #w }, { "leave", "new", nil, 4 })
end)

t.test("one wait serves all watches and all tasks", function()
  local lab, vc = connect()
  local first, second = watch_vms(vc), vc:watch { type = "HostSystem", props = { "name" } }
  t.equal({ #first, #second }, { 4, 4 })
  t.equal(vm_named(vc):PowerOffVM_Task():await().state, "success")
  t.equal(first().kind, "modify")
  second:close()
  local soap = lab:requests().soap
  t.equal({ soap.CreatePropertyCollector, soap.CreateFilter, soap.DestroyPropertyFilter }, { 1, 3, 1 })
end)

t.test("a watch of an empty selection opens, and hears of what comes", function()
  local lab, vc = connect { "-vm", "0" }
  local w = watch_vms(vc, { "name" })
  t.equal(#w, 0)
  lab:govc("vm.create", "-on=false", "-ds", "LocalDS_0", "-net", "DC0_DVPG0", "-host", "DC0_H0", "new")
  t.equal({ w().kind, #w }, { "enter", 1 })
end)

t.test("after the session has ended a watch tells one difference for each object", function()
  local lab, vc = connect()
  local w = watch_vms(vc)
  lab:rules { { method = "CreateFilter", times = 1, action = { delayMs = 1500 } } }
  lab:govc("session.rm", vc.session_key)
  lab:govc("vm.power", "-off", "DC0_H0_VM0")
  lab:govc("vm.power", "-on", "DC0_H0_VM0")
  lab:govc("vm.power", "-off", "DC0_H0_VM0", "DC0_H0_VM1")
  lab:govc("vm.destroy", "DC0_C0_RP0_VM0")
  lab:govc("object.rename", "vm/DC0_C0_RP0_VM1", "renamed")
  local seen = {}
  for _ = 1, 4 do
    local change = w()
    local name = (change.old or change.new).name
    t.is_nil(seen[name])
    seen[name] = change.kind
  end
  t.equal(seen, {
    DC0_H0_VM0 = "modify", DC0_H0_VM1 = "modify", DC0_C0_RP0_VM0 = "leave", DC0_C0_RP0_VM1 = "modify",
  })
  t.equal(vc:stats().logins, 2)
  t.raises(function() scope.timeout(0.5, w.next, w) end, "task.timeout")
end)

t.test("a loop that is left frees what the server keeps", function()
  local lab, vc = connect()
  local kinds = {}
  for change in vc:watch { type = "VirtualMachine", props = { "name" }, initial = true } do
    kinds[#kinds + 1] = change.kind
    if #kinds == 2 then break end
  end
  t.equal(kinds, { "enter", "enter" })
  t.equal(lab:requests().soap.DestroyPropertyFilter, 1)
end)

t.test("a change inside a property is told by its path, and the rest of it is kept", function()
  local lab, vc = connect()
  local vm = vm_named(vc)
  lab:govc("vm.change", "-vm", "DC0_H0_VM0", "-e", "guestinfo.a=1")
  local w <close> = vc:watch { objects = { vm }, props = { "config" } }
  local key = lab:govc("device.ls", "-vm", "DC0_H0_VM0", "cdrom-*"):match "^(%S+)"
  local number = math.tointeger(key:match "%d+")
  lab:govc("device.disconnect", "-vm", "DC0_H0_VM0", key)
  local at = ("config.hardware.device[%d].connectable.connected"):format(number)
  local seen
  repeat seen = w().changes until seen[at]
  t.equal(seen[at], { old = true, new = false })
  lab:govc("vm.change", "-vm", "DC0_H0_VM0", "-e", "guestinfo.a=2")
  repeat seen = w().changes until seen['config.extraConfig["guestinfo.a"].value']
  t.equal(seen['config.extraConfig["guestinfo.a"].value'], { old = "1", new = "2" })
  local read = vc:retrieve {
    spec_set = { { propSet = { { type = "VirtualMachine", pathSet = { "config" } } }, objectSet = { { obj = vm } } } },
  }
  t.equal(w[vm].config.hardware, read[1].config.hardware)
  t.equal(#w[vm].config.extraConfig, #read[1].config.extraConfig)
end)

t.test("who takes no changes is owed one for each object at most", function()
  local lab, vc = connect()
  local w = watch_vms(vc)
  for _ = 1, 5 do
    lab:govc("vm.power", "-off", "DC0_H0_VM0")
    lab:govc("vm.power", "-on", "DC0_H0_VM0")
  end
  lab:govc("vm.create", "-on=false", "-ds", "LocalDS_0", "-net", "DC0_DVPG0", "-host", "DC0_H0", "new")
  lab:govc("vm.destroy", "new")
  lab:govc("object.rename", "vm/DC0_H0_VM1", "renamed")
  while w[vm_named(vc, "renamed")].name ~= "renamed" do sleep(0.02) end
  local change = w()
  t.equal({ change.kind, change.changes }, { "modify", { name = { old = "DC0_H0_VM1", new = "renamed" } } })
  t.raises(function() scope.timeout(0.3, w.next, w) end, "task.timeout")
end)

t.test("lost answers are made good for: one difference for each change", function()
  local lab, vc = connect()
  local w = watch_vms(vc)
  local state = "poweredOn"
  for _, action in ipairs {
    { cut = "before" }, { cut = "after" }, { cut = "middle" }, { status = 503 },
    { fault = "InvalidCollectorVersion" }, { fault = "ManagedObjectNotFound" },
  } do
    lab:rules { { method = "WaitForUpdatesEx", match = OURS, times = 2, action = action } }
    local before = state
    state = before == "poweredOn" and "poweredOff" or "poweredOn"
    lab:govc("vm.power", state == "poweredOn" and "-on" or "-off", "DC0_H0_VM0")
    t.equal(w().changes, { ["runtime.powerState"] = { old = before, new = state } })
  end
  t.raises(function() scope.timeout(0.3, w.next, w) end, "task.timeout")
  t.equal(#w, 4)
end)

t.test("where updates cannot be had, a watch reads again and again", function()
  local lab, vc = connect()
  lab:rules { { method = "WaitForUpdatesEx", match = OURS, action = { fault = "NotSupported" } } }
  local w = watch_vms(vc)
  lab:govc("vm.power", "-off", "DC0_H0_VM0")
  t.equal(w().changes, { ["runtime.powerState"] = { old = "poweredOn", new = "poweredOff" } })
end)

t.test("a function is called with each change, until the watch is closed", function()
  local lab, vc = connect()
  local seen = {}
  scope.scope(function()
    local w
    w = vc:watch {
      type = "VirtualMachine", props = { "runtime.powerState" },
      on_change = function(change)
        seen[#seen + 1] = change.kind
        if #seen == 2 then w:close() end
      end,
    }
    lab:govc("vm.power", "-off", "DC0_H0_VM0", "DC0_H0_VM1")
  end)
  t.equal(seen, { "modify", "modify" })
end)

t.test("tasks that read one watch share its changes: each goes to one of them", function()
  local _, vc = connect()
  local w, seen, children = watch_vms(vc), {}, {}
  for i = 1, 4 do
    children[i] = scope.spawn(function()
      for change in w do seen[#seen + 1] = tostring(change.object) end
    end)
  end
  local vms = vc:find { type = "VirtualMachine" }
  scope.parallel(4, vms, function(vm) vm:PowerOffVM_Task():await() end)
  while #seen < #vms do sleep(0.02) end
  w:close()
  for _, child in ipairs(children) do child:join() end
  table.sort(seen)
  local names = {}
  for i, vm in ipairs(vms) do names[i] = tostring(vm) end
  table.sort(names)
  t.equal(seen, names)
end)

t.test("a watch ends with its connection, and with an error", function()
  local lab, _ = connect()
  local other = lab:connect()
  local w = other:watch { type = "VirtualMachine", props = { "name" } }
  other:close()
  t.raises(function() w:next() end, "vim.session")
end)

t.test("what cannot be watched is refused before anything is sent", function()
  local lab, vc = connect()
  lab:reset_requests()
  local e = t.raises(function() vc:watch { type = "VirtualMachine", props = { "config.hardware.numCPUs" } } end)
  t.equal(e.code, "vim.property")
  t.match(tostring(e), "numCPU")
  t.raises(function() vc:watch {} end, "argument")
  e = t.raises(function() vc:watch { type = "VirtualMachine", prop = {} } end, "argument")
  t.match(e.hint, "props")
  e = t.raises(function()
    vc:watch { type = "VirtualMachine", props = { "config.hardware.device.key" } }
  end, "vim.property")
  t.match(e.message, "is a list")
  t.match(e.hint, "config.hardware.device[KEY].key", true)
  t.raises(function() vc:watch { objects = { "vm-1" } } end, "argument")
  t.equal(lab:requests().total, 0)
end)
