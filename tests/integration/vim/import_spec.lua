--- OVF packages in and out, with govc and tar as witnesses.
local box = require "tests.support.box"
local digest = require "perilune.c.digest"
local file = require "perilune.c.file"
local scope = require "perilune.util.scope"
local server = require "tests.support.server"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

local MIB = 1024 * 1024

local function start(...)
  local lab = server.start { "-vm", "0", "-host", "1", "-standalone-host", "0", ... }
  return lab, lab:connect(), t.tmpdir()
end

local function names_of(vc)
  local names = {}
  for row in vc:rows { type = "VirtualMachine", props = { "name" } } do names[#names + 1] = row.name end
  table.sort(names)
  return names
end

local function options(from, changes)
  local made = { from = from, name = "new", pool = "Resources", datastore = "LocalDS_0" }
  for key, value in pairs(changes or {}) do made[key] = value end
  return made
end

local function disk_of(lab, dir, name)
  lab:govc("datastore.download", "-ds", "LocalDS_0", name .. "/disk-0.vmdk", dir .. "/witness")
  return box.read(dir .. "/witness")
end

local function leases(lab)
  local soap = lab:requests().soap
  return { soap.HttpNfcLeaseComplete or 0, soap.HttpNfcLeaseAbort or 0 }
end

-- Import -------------------------------------------------------------------------------------------------

t.test("an OVA becomes a machine, its disk what was in it", function()
  local lab, vc, dir = start()
  local disk = digest.random(MIB) .. digest.random(MIB) .. digest.random(12345)
  box.make(dir, disk)
  local seen = {}
  local vm, report = vc:import(options(dir .. "/box.ova", {
    networks = { inside = "DC0_DVPG0" },
    on_progress = function(done, total) seen = { done, total } end,
  }))
  t.equal(vm:get "name", "new")
  t.equal(seen, { #disk, #disk })
  t.equal(report, { size = #disk, verified = true, warnings = {} })
  t.is_true(disk_of(lab, dir, "new") == disk)
  t.equal(vm:get("network")[1]:get "name", "DC0_DVPG0")
  t.equal(leases(lab), { 1, 0 })
end)

t.test("a descriptor with its files beside it, or an archive whose manifest is last, is the same", function()
  local lab, vc, dir = start()
  local disk = digest.random(100000)
  box.make(dir, disk, "box.ovf box-disk1.vmdk box.mf")
  local _, report = vc:import(options(dir .. "/box.ovf", { name = "one" }))
  t.is_true(report.verified)
  _, report = vc:import(options(dir .. "/box.ova", { name = "two" }))
  t.is_true(report.verified)
  os.remove(dir .. "/box.mf")
  _, report = vc:import(options(dir .. "/box.ovf", { name = "three", pool = nil, cluster = "DC0_C0" }))
  t.is_false(report.verified)
  for _, name in ipairs { "one", "two", "three" } do t.is_true(disk_of(lab, dir, name) == disk) end
end)

t.test("a file that is not as the manifest says leaves no machine", function()
  local lab, vc, dir = start()
  for _, order in ipairs { "box.ovf box.mf box-disk1.vmdk", "box.ovf box-disk1.vmdk box.mf" } do
    box.make(dir, digest.random(100000))
    box.write(dir .. "/box-disk1.vmdk", digest.random(100000))
    assert(os.execute(("cd %s && tar --format=ustar -cf box.ova %s"):format(dir, order)))
    local e = t.raises(function() vc:import(options(dir .. "/box.ova")) end, "transfer.checksum")
    t.match(e.message, "box-disk1.vmdk is not what the manifest says: its SHA256 is ")
  end
  t.raises(function() vc:import(options(dir .. "/box.ovf")) end, "transfer.checksum")
  t.equal(leases(lab), { 0, 3 })
  t.equal(names_of(vc), {})
  vc:import(options(dir .. "/box.ova", { verify = false }))
  t.equal(names_of(vc), { "new" })
end)

t.test("packages that cannot be used are refused, and leave no machine", function()
  local _, vc, dir = start()
  local disk = digest.random(100000)
  local function refused(from, code, words)
    t.match(t.raises(function() vc:import(options(dir .. from)) end, code).message, words)
  end
  box.make(dir, disk, "box-disk1.vmdk box.ovf")
  refused("/box.ova", "transfer.archive", "does not begin with a descriptor")
  box.make(dir, disk, "box.ovf box.mf")
  refused("/box.ova", "transfer.archive", "has no file box-disk1.vmdk")
  box.make(dir, disk)
  box.write(dir .. "/box.ova", box.read(dir .. "/box.ova"):sub(1, 60000))
  refused("/box.ova", "transfer.archive", "ends in the middle of a file")
  box.write(dir .. "/box.ova", ("junk"):rep(1000))
  refused("/box.ova", "transfer.archive", "wrong checksum")
  refused("/none.ova", "io", "there is no file")
  refused("/box.iso", "argument", "neither an .ovf nor an .ova")
  box.write(dir .. "/box.ovf", box.descriptor(100000, "../../etc/passwd"))
  refused("/box.ovf", "transfer.archive", "names a file that is not beside it: ../../etc/passwd")
  t.equal(names_of(vc), {})
end)

t.test("a cancelled import gives the lease back, and the machine with it", function()
  local lab, vc, dir = start()
  box.make(dir, digest.random(MIB))
  lab:rules { { method = "POST /nfc/", action = { delayMs = 60000 } } }
  local e = t.raises(function()
    scope.timeout(0.5, function() vc:import(options(dir .. "/box.ova")) end)
  end, "task.timeout")
  t.is_true(e ~= nil)
  t.equal(leases(lab), { 0, 1 })
  t.equal(names_of(vc), {})
end)

t.test("a program that is told to end gives the lease back first", function()
  local lab, vc, dir = start()
  box.make(dir, digest.random(MIB))
  box.write(dir .. "/import.lua", ([[
    vcenter():import { from = "%s/box.ova", name = "new", pool = "Resources", datastore = "LocalDS_0",
      on_progress = function() io.stderr:write "sending\n" end }
  ]]):format(dir))
  lab:rules { { method = "POST /nfc/", action = { delayMs = 60000 } } }
  local program = t.background { "build/perilune", "run", dir .. "/import.lua", env = lab.env }
  program:wait_for("sending", "stderr")
  program:signal "TERM"
  program:wait()
  t.equal(leases(lab), { 0, 1 })
  t.equal(names_of(vc), {})
end)

t.test("a lease is kept alive for as long as a transfer takes", function()
  local lab, vc, dir = start("-lease-timeout", "1s")
  box.make(dir, digest.random(MIB))
  lab:rules { { method = "POST /nfc/", action = { delayMs = 2500 } } }
  vc:import(options(dir .. "/box.ova"))
  t.equal(names_of(vc), { "new" })
  t.equal(leases(lab), { 1, 0 })
end)

t.test("an upload that is lost is not sent again, and the machine is taken back", function()
  local lab, vc, dir = start()
  box.make(dir, digest.random(MIB))
  lab:rules { { method = "POST /nfc/", action = { cut = "middle" } } }
  t.raises(function() vc:import(options(dir .. "/box.ova")) end, "http.unknown")
  t.equal(lab:requests().rest["POST /nfc/"], 1)
  t.equal(leases(lab), { 0, 1 })
  t.equal(names_of(vc), {})
end)

-- Export -------------------------------------------------------------------------------------------------

local function with_machine()
  local lab, vc, dir = start()
  local disk = digest.random(MIB) .. digest.random(123)
  box.make(dir, disk)
  local vm = vc:import(options(dir .. "/box.ova"))
  return lab, vc, dir, vm, disk
end

t.test("a machine becomes a folder with descriptor, manifest and disks, as govc makes it", function()
  local lab, vc, dir, vm, disk = with_machine()
  local seen
  local files = vc:export(vm, dir .. "/out", { on_progress = function(done) seen = done end })
  t.equal(files, { { name = "new-disk-0.vmdk", size = #disk, sha256 = digest.sha256(disk) } })
  t.equal(seen, #disk)
  t.is_true(box.read(dir .. "/out/new-disk-0.vmdk") == disk)
  local descriptor = box.read(dir .. "/out/new.ovf")
  t.match(descriptor, ('ovf:href="new-disk-0.vmdk" ovf:size="%d"'):format(#disk))
  t.equal(box.read(dir .. "/out/new.mf"), box.manifest { { "new.ovf", descriptor }, { "new-disk-0.vmdk", disk } })
  lab:govc("export.ovf", "-sha", "256", "-vm", "new", dir)
  t.is_true(box.read(dir .. "/new/new-disk-0.vmdk") == disk)
  t.equal(box.read(dir .. "/new/new.mf"):match "SHA256%(new%-disk%-0.vmdk%)= %x+",
    box.read(dir .. "/out/new.mf"):match "SHA256%(new%-disk%-0.vmdk%)= %x+")
  lab:govc("import.ovf", "-name", "again", "-ds", "LocalDS_0", "-pool", "/DC0/host/DC0_C0/Resources",
    dir .. "/out/new.ovf")
  t.is_true(disk_of(lab, dir, "again") == disk)
end)

t.test("a machine becomes an OVA that tar, govc and we read", function()
  local lab, vc, dir, vm, disk = with_machine()
  vc:export(vm, dir .. "/out.ova")
  local listed = t.command { "tar", "-tf", dir .. "/out.ova" }
  t.equal({ listed.stdout, listed.stderr }, { "new.ovf\nnew.mf\nnew-disk-0.vmdk\n", "" })
  assert(os.execute(("cd %s && mkdir x && cd x && tar -xf ../out.ova"):format(dir)))
  t.is_true(box.read(dir .. "/x/new-disk-0.vmdk") == disk)
  t.equal(box.read(dir .. "/x/new.mf"),
    box.manifest { { "new.ovf", box.read(dir .. "/x/new.ovf") }, { "new-disk-0.vmdk", disk } })
  lab:govc("import.ova", "-name", "govc", "-ds", "LocalDS_0", "-pool", "/DC0/host/DC0_C0/Resources",
    dir .. "/out.ova")
  local _, report = vc:import(options(dir .. "/out.ova", { name = "ours" }))
  t.is_true(report.verified)
  for _, name in ipairs { "govc", "ours" } do t.is_true(disk_of(lab, dir, name) == disk) end
end)

t.test("an export that fails leaves nothing behind, here or there", function()
  local lab, vc, dir, vm = with_machine()
  lab:reset_requests()
  lab:rules { { method = "GET /nfc/", action = { status = 500 } } }
  t.raises(function() vc:export(vm, dir .. "/out.ova") end, "http.status")
  t.raises(function() vc:export(vm, dir .. "/out") end, "http.status")
  t.equal(leases(lab), { 0, 2 })
  t.is_nil(file.stat(dir .. "/out.ova"))
  t.is_nil(file.stat(dir .. "/out.ova.part"))
  t.equal(t.command({ "ls", dir .. "/out" }).stdout, "")
  vm:PowerOnVM_Task():await()
  local e = t.raises(function() vc:export(vm, dir .. "/out") end, "vim.fault")
  t.equal(e.fault._typeName, "InvalidPowerState")
end)

t.test("a cancelled export gives its lease back", function()
  local lab, vc, dir = with_machine()
  lab:reset_requests()
  lab:rules { { method = "GET /nfc/", action = { delayMs = 60000 } } }
  local exporting = task.spawn(function() vc:export("new", dir .. "/out.ova") end)
  repeat task.sleep(0.01) until lab:requests().rest["GET /nfc/"]
  exporting:cancel "enough"
  exporting:join()
  t.equal(leases(lab), { 0, 1 })
  t.is_nil(file.stat(dir .. "/out.ova.part"))
end)
