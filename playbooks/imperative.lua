-- What a playbook cannot say, as a script: perilune run playbooks/imperative.lua [NAME-WITH-WILDCARDS]
-- A snapshot of each machine that runs, and a word about those that do not.
local pattern = arg[1] or "*"
local vc = vcenter()

-- Properties of many objects: one request, whatever their number.
local running = {}
for row in vc:rows {
  type = "VirtualMachine",
  props = { "name", "runtime.powerState", "config.hardware.memoryMB" },
  where = { name = pattern },
} do
  if row["runtime.powerState"] == "poweredOn" then
    running[#running + 1] = row.ref
  else
    print(("%s is off, and would take %d MB"):format(row.name, row["config.hardware.memoryMB"]))
  end
end

-- Every method of the API, by its name there. One that ends in _Task gives a task, which is waited for where that
-- matters: here sixteen are under way at a time, and the first that fails ends the others' waiting.
local began = os.time()
parallel(16, running, function(vm)
  local task = vm:CreateSnapshot_Task { name = "before the change", memory = false, quiesce = false }
  task:on_progress(function(percent) log.info("snapshot", { vm = vm:get "name", percent = percent }) end)
  local info = task:await { timeout = "10m" }
  if not info then
    log.warn("still at work after ten minutes", { vm = tostring(vm) }) -- only the waiting has ended
  end
end)
print(("%d snapshots in %d s"):format(#running, os.time() - began))

-- One object: by its path, by its id, or by the URL that the browser shows of it.
local host = vc:find_one "/*/host/*/*_H0"
local url = ("https://%s/mob/?moid=%s&doPath=hardware.cpuInfo"):format(vc.host, tostring(host):match ":(.+)")
print(vc:path(host), vc:mob(url))
