local scope = require "perilune.util.scope"
local server = require "tests.support.server"
local sleep = require("perilune.c.task").sleep
local t = require "tests.support.spec"

local function connect(flags)
  local lab = server.start(flags or {})
  return lab, lab:connect()
end

local function vm_named(vc, name)
  return vc:find_one { type = "VirtualMachine", name = name or "DC0_H0_VM0" }
end

local function slow(lab, method, milliseconds)
  lab:rules { { method = method, action = { taskMs = milliseconds } } }
end

t.test("a task is awaited, and its result is typed", function()
  local lab, vc = connect()
  t.equal(vm_named(vc):PowerOffVM_Task():await().state, "success")
  t.equal(lab:govc("object.collect", "-s", "vm/DC0_H0_VM0", "runtime.powerState"), "poweredOff")
  local folder = vc:find_one { type = "Folder", name = "vm" }
  local pool, host = vc:find_one({ type = "HostSystem", name = "DC0_H0" }):get("parent", "name")
  t.equal(host, "DC0_H0")
  local made = folder:CreateVM_Task {
    config = {
      name = "made", guestId = "otherGuest", numCPUs = 1, memoryMB = 32, files = { vmPathName = "[LocalDS_0]" },
    },
    pool = pool:get "resourcePool",
  }:await().result
  t.equal(made:get "name", "made")
end)

t.test("a task that fails raises its typed fault, with what was called on what", function()
  local _, vc = connect()
  local vm = vm_named(vc)
  local e = t.raises(function() vm:PowerOnVM_Task():await() end, "vim.fault")
  t.equal({ e.fault._typeName, e.fault.existingState, e.method, e.object },
    { "InvalidPowerState", "poweredOn", "PowerOnVM_Task", vm })
  t.match(tostring(e), "it is poweredOn already")
end)

t.test("a task whose work fails raises the fault that it ends with", function()
  local lab, vc = connect()
  lab:rules { { method = "PowerOffVM_Task", action = { taskFault = "NoDiskSpace", message = "no room" } } }
  local e = t.raises(function() vm_named(vc):PowerOffVM_Task():await() end, "vim.fault")
  t.equal({ e.fault._typeName, e.server }, { "NoDiskSpace", "no room" })
end)

t.test("many tasks share one collector and one wait, and nothing is polled", function()
  local lab, vc = connect { "-vm", "20" }
  slow(lab, "PowerOffVM_Task", 300)
  local vms = vc:find { type = "VirtualMachine" }
  lab:reset_requests()
  scope.parallel(40, vms, function(vm) t.equal(vm:PowerOffVM_Task():await().state, "success") end)
  local soap = lab:requests().soap
  t.equal({ #vms, soap.PowerOffVM_Task, soap.CreatePropertyCollector, soap.CreateFilter, soap.CreateListView },
    { 40, 40, 1, 1, 1 })
  t.is_nil(soap.RetrievePropertiesEx)
  t.is_true(soap.ModifyListView < 40, "one call for what came up meanwhile")
  t.equal(#vc:find { type = "VirtualMachine", where = { ["runtime.powerState"] = "poweredOff" } }, 40)
end)

t.test("the collector serves the tasks that come later too", function()
  local lab, vc = connect()
  local vm = vm_named(vc)
  vm:PowerOffVM_Task():await()
  lab:reset_requests()
  vm:PowerOnVM_Task():await()
  local soap = lab:requests().soap
  t.equal({ soap.PowerOnVM_Task, soap.CreatePropertyCollector, soap.CreateFilter }, { 1 })
end)

t.test("a task that ended before anybody waited is noticed at once", function()
  local lab, vc = connect()
  local task = vm_named(vc):PowerOffVM_Task()
  lab:govc("object.collect", "-n", "1", "vm/DC0_H0_VM0", "-runtime.powerState", "poweredOff")
  t.equal(task:await({ timeout = 60 }).state, "success")
end)

t.test("a task that has ended stays so, and waiting for it again sends nothing", function()
  local lab, vc = connect()
  local task = vm_named(vc):PowerOffVM_Task()
  task:await()
  lab:reset_requests()
  t.equal({ task:await().state, task:status() }, { "success", "success" })
  task:see { { name = "info.state", val = "running" } } -- a report that comes late
  t.equal(task:status(), "success")
  t.equal(lab:requests().total, 0)
end)

t.test("asking how a task stands does not spoil its result", function()
  local _, vc = connect()
  local vm = vm_named(vc)
  local task = vm:CreateSnapshot_Task { name = "before", memory = false, quiesce = false }
  while task:status() ~= "success" do end -- luacheck: ignore 542
  t.equal(vc:task(task.ref), task)
  t.match(tostring(task:await().result), "VirtualMachineSnapshot:")
end)

t.test("a time limit ends the waiting, not the work", function()
  local lab, vc = connect()
  slow(lab, "PowerOffVM_Task", 1500)
  local task = vm_named(vc):PowerOffVM_Task()
  local info, e = task:await { timeout = "100ms" }
  t.is_nil(info)
  t.equal(e.code, "task.timeout")
  t.equal(task:await().state, "success")
end)

t.test("a time limit that cannot be read is refused", function()
  local _, vc = connect()
  t.match(tostring(t.raises(function() vc:task(vc:object("Task", "task-1")):await { timeout = "soon" } end)), "soon")
end)

t.test("whoever is cancelled while waiting holds up nobody, and closing frees the server", function()
  local lab, vc = connect()
  slow(lab, "PowerOffVM_Task", 1000)
  local first, second = vm_named(vc):PowerOffVM_Task(), vm_named(vc, "DC0_H0_VM1"):PowerOffVM_Task()
  scope.all {
    function() t.equal(first:await().state, "success") end,
    function() t.raises(function() scope.timeout(0.1, second.await, second) end, "task.timeout") end,
  }
  t.equal(second:await().state, "success")
  t.is_nil(lab:requests().soap.DestroyPropertyCollector)
  vc:close()
  t.equal(lab:requests().soap.DestroyPropertyCollector, 1)
end)

t.test("progress, success and failure call back in the scope that asked", function()
  local lab, vc = connect()
  slow(lab, "PowerOffVM_Task", 400)
  local percents, ended, failed = {}, nil, nil
  scope.scope(function()
    vm_named(vc):PowerOffVM_Task()
      :on_progress(function(percent) percents[#percents + 1] = percent end)
      :on_success(function(info) ended = info.state end)
      :on_failure(function() failed = "wrongly" end)
    vm_named(vc, "DC0_H0_VM1"):PowerOnVM_Task():on_failure(function(e) failed = e.fault._typeName end)
  end)
  t.equal({ ended, failed }, { "success", "InvalidPowerState" })
  t.is_true(#percents > 2, "progress was reported " .. #percents .. " times")
  for i = 2, #percents do t.is_true(percents[i] > percents[i - 1]) end
end)

t.test("a cancelled task ends with the fault that says so", function()
  local lab, vc = connect()
  slow(lab, "PowerOffVM_Task", 5000)
  local task = vm_named(vc):PowerOffVM_Task()
  t.equal(task:status(), "running")
  local ok, e = pcall(task.cancel, task)
  if ok then
    e = t.raises(function() task:await { timeout = 60 } end, "vim.fault")
    t.equal(e.fault._typeName, "RequestCanceled")
  else
    t.equal(e.fault._typeName, "NotSupported") -- the task says that it is not cancelable
  end
end)

t.test("a running task is taken up again by its id, with its result and its error", function()
  local lab, vc = connect()
  lab:rules {
    { method = "PowerOffVM_Task", times = 1, action = { taskMs = 500 } },
    { method = "PowerOffVM_Task", action = { taskFault = "NoDiskSpace", message = "no room" } },
  }
  local vm, other = vm_named(vc), vm_named(vc, "DC0_H0_VM1")
  local first, second = vm:PowerOffVM_Task().ref, other:PowerOffVM_Task().ref
  local later = lab:connect()
  local id = tostring(first):match ":(.*)"
  t.equal(later:task(id), later:task(id))
  local info = later:task(id):await()
  t.equal({ info.state, tostring(info.entity) }, { "success", tostring(vm) })
  local e = t.raises(function() later:task(tostring(second):match ":(.*)"):await() end, "vim.fault")
  t.equal({ e.fault._typeName, e.server, e.method, tostring(e.entity), tostring(e.task) },
    { "NoDiskSpace", "no room", "VirtualMachine.powerOff", tostring(other), tostring(second) })
end)

t.test("the error of a task says whose it is, and by which operation it was called", function()
  local lab, vc = connect()
  lab:rules { { method = "PowerOffVM_Task", action = { taskFault = "NoDiskSpace", message = "no room" } } }
  local vm = vm_named(vc)
  local e = vc:with_operation("op-7", function()
    local task = vm:PowerOffVM_Task()
    return t.raises(function() task:await() end, "vim.fault")
  end)
  t.equal({ e.method, e.object, e.entity, e.operation, e.server },
    { "PowerOffVM_Task", vm, vm, "op-7", "no room" })
  t.match(tostring(e), "op-7")
end)

t.test("tasks stand where functions do: all of them, and the first that fails", function()
  local lab, vc = connect()
  local one, two = vm_named(vc), vm_named(vc, "DC0_H0_VM1")
  local infos = scope.all { one:PowerOffVM_Task(), function() return 7 end, two:PowerOffVM_Task() }
  t.equal({ infos[1].state, infos[2], infos[3].state }, { "success", 7, "success" })
  lab:rules {
    { method = "PowerOnVM_Task", match = tostring(one):match ":(.*)", action = { taskMs = 60000 } },
    { method = "PowerOnVM_Task", action = { taskFault = "NoDiskSpace" } },
  }
  t.raises(function() scope.all { one:PowerOnVM_Task(), two:PowerOnVM_Task() } end, "vim.fault")
end)

t.test("a thousand tasks are in flight at once", function()
  local lab, vc = connect()
  slow(lab, "ReconfigVM_Task", 4000)
  local vms, calls = vc:find { type = "VirtualMachine" }, {}
  for i = 1, 1000 do calls[i] = vms[i % #vms + 1] end
  lab:reset_requests()
  local tasks = scope.parallel(64, calls, function(vm) return vm:ReconfigVM_Task { spec = { annotation = "x" } } end)
  local seen = {}
  for i, info in ipairs(scope.all(tasks)) do
    t.equal(info.state, "success")
    seen[tasks[i].ref] = true
  end
  local count = 0
  for _ in pairs(seen) do count = count + 1 end
  local soap = lab:requests().soap
  t.equal({ count, soap.ReconfigVM_Task, soap.CreateFilter, soap.RetrievePropertiesEx }, { 1000, 1000, 1 })
end)

--- As a proxy does that lets no request take longer than a second.
local function cut_waits(seconds, action)
  return { method = "WaitForUpdatesEx", match = (">%d</maxWaitSeconds>"):format(seconds), action = action }
end

t.test("a proxy that cuts waits holds up no task, and waiting comes back", function()
  for _, action in ipairs { { status = 504 }, { cut = "before", delayMs = 300 } } do
    local lab, vc = connect()
    local vms = vc:find { type = "VirtualMachine" }
    lab:rules {
      cut_waits(50, action), cut_waits(3, action), { method = "PowerOffVM_Task", action = { taskMs = 1200 } },
    }
    scope.parallel(4, vms, function(vm) t.equal(vm:PowerOffVM_Task():await().state, "success") end)
    t.is_true(vc.updates.pace:is_looking())
    lab:rules {}
    local w <close> = vc:watch { type = "VirtualMachine" } -- luacheck: ignore 211 (somebody must want to hear)
    while vc.updates.pace:is_looking() do sleep(0.05) end
    t.equal(vms[1]:PowerOnVM_Task():await().state, "success")
  end
end)

t.test("tasks are waited for across the end of the session", function()
  local lab, vc = connect()
  slow(lab, "PowerOffVM_Task", 1500)
  local vms = vc:find { type = "VirtualMachine" }
  local tasks = scope.parallel(4, vms, function(vm) return vm:PowerOffVM_Task() end)
  scope.all {
    function() lab:govc("session.rm", vc.session_key) end,
    function() scope.parallel(4, tasks, function(task) t.equal(task:await().state, "success") end) end,
  }
  t.equal(vc:stats().logins, 2)
end)

t.test("waiting survives a cut connection", function()
  local lab, vc = connect()
  slow(lab, "PowerOffVM_Task", 300)
  local vm = vm_named(vc)
  for _, where in ipairs { "before", "after", "middle" } do
    lab:rules { { method = "WaitForUpdatesEx", times = 2, action = { cut = where } } }
    t.equal(vm:PowerOffVM_Task():await().state, "success", where)
    lab:rules { { method = "ModifyListView", times = 1, action = { cut = where } } }
    t.equal(vm:PowerOnVM_Task():await().state, "success", where)
  end
end)

t.test("where updates cannot be had, one request asks for all tasks, again and again", function()
  local lab, vc = connect { "-vm", "20" }
  slow(lab, "PowerOffVM_Task", 1000)
  lab:rules {
    { method = "WaitForUpdatesEx", action = { fault = "NotSupported" } },
    { method = "PowerOffVM_Task", action = { taskMs = 1000 } },
  }
  local vms = vc:find { type = "VirtualMachine" }
  lab:reset_requests()
  scope.parallel(40, vms, function(vm) t.equal(vm:PowerOffVM_Task():await().state, "success") end)
  local soap = lab:requests().soap
  t.is_true(soap.RetrievePropertiesEx < 20, "requests: " .. soap.RetrievePropertiesEx)
end)

t.test("waiting by push comes back once updates are had again", function()
  local lab, vc = connect()
  lab:rules {
    { method = "WaitForUpdatesEx", action = { fault = "NotSupported" } },
    { method = "PowerOffVM_Task", action = { taskMs = 1500 } },
  }
  local vm = vm_named(vc)
  local w <close> = vc:watch { type = "VirtualMachine" } -- luacheck: ignore 211 (somebody must want to hear)
  t.equal(vm:PowerOffVM_Task():await().state, "success")
  t.is_true(vc.updates:is_polling())
  lab:rules { { method = "PowerOnVM_Task", action = { taskMs = 1500 } } }
  while vc.updates:is_polling() do sleep(0.05) end
  lab:reset_requests()
  t.equal(vm:PowerOnVM_Task():await().state, "success")
  t.equal(lab:requests().soap.RetrievePropertiesEx, nil)
end)

t.test("a task that the server does not know is an error", function()
  local _, vc = connect()
  local e = t.raises(function() vc:task(vc:object("Task", "task-99999")):await { timeout = 60 } end)
  t.match(tostring(e), "task-99999")
end)

t.test("a guest is shut down, and the end of it heard of", function()
  local lab, vc = connect()
  local power = require "perilune.vim.power"
  local vm = vm_named(vc)
  power.shut_down(vm, 60, function() end)
  t.equal(vm:get "runtime.powerState", "poweredOff")
  vm:PowerOnVM_Task():await()
  power.shut_down(vm, 60, function() end)
  t.equal(lab:govc("object.collect", "-s", "vm/DC0_H0_VM0", "runtime.powerState"), "poweredOff")
end)
