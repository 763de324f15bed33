--- Plan data for the specs of what shows plans.
local fixture = {}

local function where(line)
  return { file = "web-tier.lua", line = line }
end

local transaction = { name = "web tier", where = where(20) }

local function new_vm(name)
  return {
    action = "create", kind = "vm", name = name, label = ('vm "%s"'):format(name), place = "in /DC0/vm/web",
    where = where(28), transaction = transaction, hurts = {},
    fields = {
      { path = "cpus", new = "2", raw = { nil, 2 } },
      { path = "disks", new = "[1] 20 GiB thin   [2] 100 GiB thin" },
      { path = "mac", new = "(known after apply)" },
    },
  }
end

local function changed_vm()
  return {
    action = "update", kind = "vm", name = "web-01", label = 'vm "web-01"', place = "in /DC0/vm/web",
    where = where(28), transaction = transaction,
    hurts = { { word = "reboot", text = "needs a reboot (hot-add is off)" } },
    fields = {
      {
        path = "memory", old = "2 GiB", new = "4 GiB", hurt = "needs a reboot (hot-add is off)",
        raw = { 2147483648, 4294967296 },
      },
      { path = "disks[2]", old = "60 GiB", new = "100 GiB", note = "online" },
      { path = "tags", added = { "tier:web" }, removed = { "tier:db" } },
    },
  }
end

local function deleted_vm()
  return {
    action = "delete", kind = "vm", name = "web-09", label = 'vm "web-09"', place = "in /DC0/vm/web",
    undeclared = true, fields = {}, hurts = { { word = "delete", text = "deletes 2 disks, 120 GiB" } },
  }
end

local function plan_of(changes, counts)
  return {
    target = {
      name = "lab", host = "vcenter.lab.example", product = "vSphere 8.0.3", user = "automation@vsphere.local",
    },
    owner = "examples/web-tier", path = "web-tier.lua", changes = changes, counts = counts, kept = {},
    steps = {
      { id = 1, change = 1, title = "create", after = {} },
      { id = 2, change = 1, title = "power on", after = { 1 } },
      { id = 3, change = 2, title = "memory 2 GiB → 4 GiB", after = {} },
    },
    unchanged = { 'folder "web"' }, reads = { requests = 5, seconds = 0.31 }, concurrency = 2,
  }
end

--- A new VM, a changed one, and one that is no longer declared.
function fixture.mixed()
  return plan_of({ new_vm "web-02", changed_vm(), deleted_vm() }, { add = 1, change = 1, destroy = 1 })
end

--- So many new VMs that differ in name alone.
function fixture.many(count)
  local changes = {}
  for i = 1, count do changes[i] = new_vm(("web-%02d"):format(i)) end
  return plan_of(changes, { add = count, change = 0, destroy = 0 })
end

--- Nothing to do.
function fixture.settled()
  local plan = plan_of({}, { add = 0, change = 0, destroy = 0 })
  plan.steps, plan.concurrency = {}, 0
  return plan
end

--- What `perilune destroy` may find.
function fixture.kept()
  local plan = fixture.settled()
  plan.kept = { { label = 'folder "web"', reason = 'it still holds or serves vm "stranger"' } }
  return plan
end

return fixture
