--- A VM changed field by field: each plan shows that change alone, govc sees it, and the next plan is empty.
local server = require "tests.support.server"
local t = require "tests.support.spec"

local GIB = 1024 ^ 3 // 1 | 0

local function playbook(text)
  local path = t.tmpdir() .. "/play.lua"
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  return path
end

local function ends_with(outcome, status)
  if outcome.status ~= status then
    t.fail("exit %d, wanted %d\n%s%s", outcome.status, status, outcome.stdout, outcome.stderr)
  end
  return outcome.stdout .. outcome.stderr
end

local VM = [[
playbook "test/vm"
vm "a" {
  pool = cluster("DC0_C0").pool, datastore = datastore "LocalDS_0", guest_id = "otherLinux64Guest",
  %s
}
]]

local function body(fields)
  return playbook(VM:format(fields))
end

--- Applies a body; then nothing is left to do.
local function apply(vc, fields, ...)
  local path = body(fields)
  ends_with(vc:perilune("apply", path, "-y", ...), 0)
  ends_with(vc:perilune("plan", path), 0)
end

local function info(vc, path)
  return vc:govc_json("vm.info", path or "/DC0/vm/a").virtualMachines[1]
end

--- Disks by bus and unit, as { size, … } in order of their slots.
local function disks_of(vc)
  local list = {}
  for _, device in ipairs(info(vc).config.hardware.device) do
    if device.capacityInBytes then list[#list + 1] = device end
  end
  table.sort(list, function(a, b)
    if a.controllerKey ~= b.controllerKey then return a.controllerKey < b.controllerKey end
    return a.unitNumber < b.unitNumber
  end)
  local sizes = {}
  for i, device in ipairs(list) do
    sizes[i] = device.capacityInBytes // GIB
  end
  return sizes
end

local function networks_of(vc)
  local names = {}
  for _, device in ipairs(info(vc).config.hardware.device) do
    if device.macAddress then names[#names + 1] = device.backing.deviceName or "distributed" end
  end
  return names
end

t.test("disks are added, grown, detached and deleted, each in its slot", function()
  local vc = server.start()
  apply(vc, 'disks = { { size = "1GiB" } },')
  apply(vc, 'disks = { { size = "1GiB" }, { size = "2GiB", thin = false }, { size = "3GiB", slot = "scsi1:4" } },')
  t.equal(disks_of(vc), { 1, 2, 3 })
  apply(vc, 'disks = { { size = "5GiB" } },')
  t.equal(disks_of(vc), { 5, 2, 3 })
  local path = body 'disks = { { slot = "scsi0:1", absent = true } },'
  t.match(ends_with(vc:perilune("apply", path, "-y"), 1), "--allow delete")
  ends_with(vc:perilune("apply", path, "-y", "--allow", "delete"), 0)
  t.equal(disks_of(vc), { 5, 3 })
  apply(vc, 'disks = { { slot = "scsi1:4", absent = true, keep_file = true } },')
  t.equal(disks_of(vc), { 5 })
end)

t.test("network cards are added, connected elsewhere, also to a distributed port group, and removed", function()
  local vc = server.start()
  apply(vc, 'nics = { { network = network "VM Network" } },')
  apply(vc, 'nics = { { network = network "VM Network" }, { network = "DC0_DVPG0", type = "e1000e" } },')
  t.equal(networks_of(vc), { "VM Network", "distributed" })
  apply(vc, 'nics = { { network = "DC0_DVPG0" }, { network = "VM Network" } },')
  local names = networks_of(vc)
  table.sort(names)
  t.equal(names, { "VM Network", "distributed" })
  apply(vc, 'nics = { { network = "DC0_DVPG0" }, { absent = true } },')
  t.equal(networks_of(vc), { "distributed" })
end)

t.test("cpus, memory, notes, guest id and advanced settings change while it is off", function()
  local vc = server.start()
  apply(vc, "")
  apply(vc, 'cpus = 4, memory = "2GiB", annotation = "two\\nlines", extra_config = { ["guestinfo.role"] = "db" },')
  local config = info(vc).config
  t.equal({ config.hardware.numCPU, config.hardware.memoryMB, config.annotation }, { 4, 2048, "two\nlines" })
  t.match(vc:govc("vm.info", "-e", "/DC0/vm/a"), "guestinfo.role")
  apply(vc, 'extra_config = { ["guestinfo.role"] = "" },')
  t.is_nil(vc:govc("vm.info", "-e", "/DC0/vm/a"):find("guestinfo.role", 1, true))
end)

t.test("power off needs a word, power on none", function()
  local vc = server.start()
  apply(vc, 'power = "on",')
  local path = body 'power = "off",'
  t.match(ends_with(vc:perilune("apply", path, "-y"), 1), "--allow poweroff")
  ends_with(vc:perilune("apply", path, "-y", "--allow", "poweroff"), 0)
  t.equal(info(vc).runtime.powerState, "poweredOff")
  apply(vc, 'power = "on",')
  t.equal(info(vc).runtime.powerState, "poweredOn")
end)

t.test("was renames and moves instead of making anew", function()
  local vc = server.start()
  vc:govc("folder.create", "/DC0/vm/new")
  local before = info(vc, "/DC0/vm/DC0_C0_RP0_VM0").config.instanceUuid
  apply(vc, 'was = "/DC0/vm/DC0_C0_RP0_VM0", folder = folder "/DC0/vm/new", ignore = { "guest_id" },')
  t.equal(info(vc, "/DC0/vm/new/a").config.instanceUuid, before)
end)

t.test("absent removes it with a word, protect refuses to", function()
  local vc = server.start()
  apply(vc, "")
  t.match(ends_with(vc:perilune("plan", body "absent = true, protect = true,"), 1), "protect")
  t.match(ends_with(vc:perilune("apply", body "absent = true,", "-y"), 1), "--allow delete")
  apply(vc, "absent = true,", "--allow", "delete")
  t.equal(vc:govc("find", "/DC0/vm", "-name", "a"), "")
end)

t.test("fields that are ignored are left to others", function()
  local vc = server.start()
  apply(vc, 'cpus = 2, annotation = "mine",')
  vc:govc("vm.change", "-vm", "/DC0/vm/a", "-c", "8", "-annotation", "yours")
  t.match(ends_with(vc:perilune("plan", body 'cpus = 2, annotation = "mine", ignore = { "cpus" },'), 2),
    '"yours" → "mine"')
  ends_with(vc:perilune("plan", body 'cpus = 2, annotation = "mine", ignore = { "cpus", "annotation" },'), 0)
end)

t.test("a tag of a category that allows one takes the place of another", function()
  local vc = server.start()
  local head = 'tag_category "tier" { cardinality = "single", tags = { "web", "db" } }\n'
  local function tagged(name)
    return playbook(head .. VM:format(('tags = { "tier:%s" },'):format(name)))
  end
  ends_with(vc:perilune("apply", tagged "web", "-y"), 0)
  t.match(ends_with(vc:perilune("plan", tagged "db"), 2), "tier:web")
  ends_with(vc:perilune("apply", tagged "db", "-y"), 0)
  t.equal(vc:govc("tags.attached.ls", "-r", "/DC0/vm/a"), "db")
  ends_with(vc:perilune("plan", tagged "db"), 0)
end)

t.test("an unknown tag is a mistake before anything is done", function()
  local vc = server.start()
  t.match(ends_with(vc:perilune("plan", body 'tags = { "tier:web" },'), 1), 'there is no tag "tier:web"')
end)
