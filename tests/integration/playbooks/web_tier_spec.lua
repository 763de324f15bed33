--- playbooks/web-tier.lua from nothing to gone, against a simulated vCenter with govc as the witness.
local server = require "tests.support.server"
local t = require "tests.support.spec"

local PLAYBOOK = "playbooks/web-tier.lua"
local GIB = 1024 ^ 3 // 1 | 0

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  return text
end

--- A copy of the playbook with pieces replaced: { from, to, … }.
local function edited(replacements)
  local text = read(PLAYBOOK)
  for i = 1, #replacements, 2 do
    local from = replacements[i]
    local first, last = text:find(from, 1, true)
    if not first then error("not in the playbook: " .. from, 2) end
    text = text:sub(1, first - 1) .. replacements[i + 1] .. text:sub(last + 1)
  end
  local path = t.tmpdir() .. "/web-tier.lua"
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

local function applied(flags, ...)
  local vc = server.start(flags)
  ends_with(vc:perilune("apply", PLAYBOOK, "-y", ...), 0)
  return vc
end

local function vm_info(vc, name)
  return vc:govc_json("vm.info", "/DC0/vm/web/" .. name).virtualMachines[1]
end

local function disks_of(info)
  local sizes = {}
  for _, device in ipairs(info.config.hardware.device) do
    if device.capacityInBytes then sizes[#sizes + 1] = device.capacityInBytes end
  end
  return sizes
end

local function network_of(info)
  for _, device in ipairs(info.config.hardware.device) do
    if device.macAddress then return device.backing.deviceName, device._typeName end
  end
end

local function names_in_folder(vc)
  local names = {}
  for name in vc:govc("ls", "/DC0/vm/web"):gmatch "[^/\n]+%f[\n\0]" do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

t.test("plans six additions on an empty estate and changes nothing", function()
  local vc = server.start()
  local before = vc:govc("find", "/")
  local text = ends_with(vc:perilune("plan", PLAYBOOK), 2)
  t.match(text, "Plan: 6 to add, 0 to change, 0 to destroy.")
  t.match(text, '+ portgroup "web" on 3 hosts of DC0_C0')
  t.match(text, '+ vm "web-03" in /DC0/vm/web')
  t.match(text, "4 GiB")
  t.equal(vc:govc("find", "/"), before)
end)

t.test("makes VMs as declared: cpus, memory, disks, network card, tags, power, owner", function()
  local vc = applied()
  for _, name in ipairs { "web-01", "web-02", "web-03" } do
    local info = vm_info(vc, name)
    t.equal(info.config.hardware.numCPU, 2)
    t.equal(info.config.hardware.memoryMB, 4096)
    t.equal(info.config.guestId, "debian12_64Guest")
    t.equal(info.config.annotation, "web tier, managed as code")
    t.equal(disks_of(info), { 20 * GIB, 100 * GIB })
    t.equal(network_of(info), "web")
    t.equal(info.runtime.powerState, "poweredOn")
    t.match(vc:govc("tags.attached.ls", "-r", "/DC0/vm/web/" .. name), "web")
  end
end)

t.test("makes the port group on every host of the cluster with its VLAN and security", function()
  local vc = applied()
  for i = 0, 2 do
    local found
    local list = vc:govc_json("host.portgroup.info", "-host", "/DC0/host/DC0_C0/DC0_C0_H" .. i)
    for _, group in ipairs(list.portgroup) do
      if group.spec.name == "web" then found = group.spec end
    end
    t.equal(found.vlanId, 120)
    t.equal(found.vswitchName, "vSwitch0")
    t.equal(found.policy.security, { allowPromiscuous = false, forgedTransmits = false, macChanges = false })
  end
end)

t.test("a second plan is empty", function()
  local vc = applied()
  t.match(ends_with(vc:perilune("plan", PLAYBOOK), 0), "Nothing to do")
  t.match(ends_with(vc:perilune("apply", PLAYBOOK), 0), "Nothing to do")
end)

t.test("more memory is planned as that one change, refused without a word, applied with it", function()
  local vc = applied()
  local path = edited { '"4GiB"', '"8GiB"' }
  local text = ends_with(vc:perilune("plan", path), 2)
  t.match(text, "Plan: 0 to add, 3 to change, 0 to destroy.")
  t.match(text, "4 GiB → 8 GiB")
  t.match(text, "needs a reboot")
  t.match(ends_with(vc:perilune("apply", path, "-y"), 1), "--allow reboot")
  t.equal(vm_info(vc, "web-01").config.hardware.memoryMB, 4096)
  ends_with(vc:perilune("apply", path, "-y", "--allow", "reboot"), 0)
  local info = vm_info(vc, "web-01")
  t.equal(info.config.hardware.memoryMB, 8192)
  t.equal(info.runtime.powerState, "poweredOn")
  ends_with(vc:perilune("plan", path), 0)
end)

t.test("a larger disk is planned as that one change, and grows online", function()
  local vc = applied()
  local path = edited { '"100GiB"', '"120GiB"' }
  t.match(ends_with(vc:perilune("plan", path), 2), "100 GiB → 120 GiB")
  ends_with(vc:perilune("apply", path, "-y"), 0)
  t.equal(disks_of(vm_info(vc, "web-02")), { 20 * GIB, 120 * GIB })
  ends_with(vc:perilune("plan", path), 0)
end)

t.test("another VLAN is planned as that one change, on the port group alone", function()
  local vc = applied()
  local path = edited { "vlan   = 120", "vlan   = 130" }
  local text = ends_with(vc:perilune("plan", path), 2)
  t.match(text, "Plan: 0 to add, 1 to change, 0 to destroy.")
  t.match(text, "120 → 130")
  ends_with(vc:perilune("apply", path, "-y"), 0)
  t.match(vc:govc("host.portgroup.info", "-host", "/DC0/host/DC0_C0/DC0_C0_H1"), "130")
  ends_with(vc:perilune("plan", path), 0)
end)

t.test("a change behind our back is planned back", function()
  local vc = applied()
  vc:govc("vm.change", "-vm", "/DC0/vm/web/web-02", "-annotation", "by hand")
  local text = ends_with(vc:perilune("plan", PLAYBOOK), 2)
  t.match(text, '~ vm "web-02"')
  t.match(text, '"by hand" → "web tier, managed as code"')
  t.match(text, "Plan: 0 to add, 1 to change, 0 to destroy.")
end)

t.test("five instead of three adds two, three again deletes exactly these, with a word", function()
  local vc = applied()
  t.match(ends_with(vc:perilune("plan", PLAYBOOK, "-e", "count=5"), 2), "Plan: 2 to add, 0 to change, 0 to destroy.")
  ends_with(vc:perilune("apply", PLAYBOOK, "-y", "-e", "count=5"), 0)
  t.match(vc:govc("ls", "/DC0/vm/web"), "web-05")
  local text = ends_with(vc:perilune("plan", PLAYBOOK), 2)
  t.match(text, "Plan: 0 to add, 0 to change, 2 to destroy.")
  t.match(text, '- vm "web-05"')
  t.match(text, "deletes 2 disks, 120 GiB")
  t.match(ends_with(vc:perilune("apply", PLAYBOOK, "-y"), 1), "--allow delete")
  ends_with(vc:perilune("apply", PLAYBOOK, "-y", "--allow", "delete"), 0)
  t.equal(names_in_folder(vc), { "web-01", "web-02", "web-03" })
end)

t.test("without the playbook line nothing is removed by omission", function()
  local vc = applied(nil, "-e", "count=5")
  local path = edited { 'playbook "examples/web-tier"', "" }
  ends_with(vc:perilune("plan", path), 0)
end)

t.test("a clone of an owned VM is nobody's", function()
  local vc = applied()
  vc:govc("vm.clone", "-vm", "/DC0/vm/web/web-01", "-on=false", "-folder", "/DC0/vm/web",
    "-pool", "/DC0/host/DC0_C0/Resources", "copy-01")
  t.match(vc:govc("vm.info", "-e", "/DC0/vm/web/copy-01"), "perilune.owner")
  ends_with(vc:perilune("plan", PLAYBOOK), 0)
end)

t.test("a VM moved by hand is moved back", function()
  local vc = applied()
  vc:govc("object.mv", "/DC0/vm/web/web-02", "/DC0/vm")
  local text = ends_with(vc:perilune("plan", PLAYBOOK), 2)
  t.match(text, '> vm "web-02"')
  t.match(text, "/DC0/vm → /DC0/vm/web")
  t.match(text, "Plan: 0 to add, 1 to change, 0 to destroy.")
  ends_with(vc:perilune("apply", PLAYBOOK, "-y"), 0)
  t.match(vc:govc("ls", "/DC0/vm/web"), "web-02")
end)

t.test("a stranger of the same name elsewhere is an error that lists it", function()
  local vc = server.start()
  vc:govc("vm.create", "-on=false", "-ds", "LocalDS_0", "-pool", "/DC0/host/DC0_C0/Resources", "-net", "VM Network",
    "-folder", "/DC0/vm", "web-02")
  local text = ends_with(vc:perilune("plan", PLAYBOOK), 1)
  t.match(text, "web-tier.lua:")
  t.match(text, "/DC0/vm/web-02 (instance UUID ")
  t.match(text, 'was = "/DC0/vm/web-02"')
  t.match(text, "twin = true")
end)

t.test("destroy removes what the playbook made, and the estate is as it was", function()
  local vc = server.start()
  local before = vc:govc("find", "/")
  ends_with(vc:perilune("apply", PLAYBOOK, "-y"), 0)
  ends_with(vc:perilune("destroy", PLAYBOOK, "-y"), 0)
  t.equal(vc:govc("find", "/"), before)
  t.equal(vc:govc "tags.category.ls", "")
  t.match(ends_with(vc:perilune("destroy", PLAYBOOK, "-y"), 0), "Nothing to destroy")
end)

t.test("destroy keeps and names what still holds or serves others", function()
  local vc = applied()
  vc:govc("vm.create", "-on=false", "-ds", "LocalDS_0", "-pool", "/DC0/host/DC0_C0/Resources", "-net", "web",
    "-folder", "/DC0/vm/web", "foreign")
  vc:govc("tags.attach", "-c", "tier", "web", "/DC0/vm/DC0_H0_VM0")
  local text = ends_with(vc:perilune("destroy", PLAYBOOK, "-y"), 0)
  t.match(text, 'folder "web"')
  t.match(text, 'portgroup "web"')
  t.match(text, 'tag_category "tier"')
  t.match(text, 'vm "foreign"')
  t.match(text, 'vm "DC0_H0_VM0" with tier:web')
  t.equal(vc:govc("ls", "/DC0/vm/web"), "/DC0/vm/web/foreign")
  t.match(vc:govc "tags.category.ls", "tier")
end)

t.test("runs against the plain simulator, with the port group on one host", function()
  local vc = server.start { program = "vcsim" }
  local path = edited { "hosts  = app.hosts,", "hosts  = { app.hosts[1] }," }
  ends_with(vc:perilune("plan", path), 2)
  ends_with(vc:perilune("apply", path, "-y"), 0)
  t.equal(vm_info(vc, "web-01").runtime.powerState, "poweredOn")
  ends_with(vc:perilune("plan", path), 0)
end)

local function requests_to_plan(vc, count)
  vc:reset_requests()
  ends_with(vc:perilune("plan", PLAYBOOK, "-e", "count=" .. count), 0)
  return vc:requests()
end

t.test("planning 300 VMs takes as many requests as planning 3, and at most 12", function()
  local vc = applied()
  local few = requests_to_plan(vc, 3)
  ends_with(vc:perilune("apply", PLAYBOOK, "-y", "-e", "count=300"), 0)
  local many = requests_to_plan(vc, 300)
  t.equal(many.soap, few.soap)
  t.equal(many.rest, few.rest)
  local login = many.soap.RetrieveServiceContent + many.soap.Login + many.rest["POST /rest/com/vmware/cis/session"]
  if many.total - login > 12 then t.fail("%d requests, %d to log in: %s", many.total, login, t.dump(many)) end
end)
