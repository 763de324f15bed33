local mob = require "perilune.vim.mob"
local moid = require "perilune.vim.moid"
local object = require "perilune.c.object"
local t = require "tests.support.spec"

--- A connection that is never used: it only knows where it leads.
local function connection()
  local notices = {}
  return {
    host = "vc.example", about = { instanceUuid = "5000-AB" }, content = { about = {} }, space = object.space(),
    notice = function(_, message) notices[#notices + 1] = message end, notices = notices,
  }
end

t.test("reads what the managed object browser shows", function()
  local address = mob.parse "https://vc.example/mob/?moid=host-21&doPath=hardware.cpuInfo"
  t.equal({ address.host, address.id, address.path }, { "vc.example", "host-21", "hardware.cpuInfo" })
  t.equal(mob.parse("https://vc.example:8443/mob?moid=vm-42#top").id, "vm-42")
  t.equal(mob.parse("vc.example/mob/?moid=vm%2d42&doPath=").path, nil)
  t.equal(mob.parse("https://vc/mob/?moid=vm-42&doPath=config.hardware.device%5b4000%5D").path,
    "config.hardware.device[4000]")
  t.equal(mob.parse("https://vc/mob/?moid=HaNetwork-VM%20Network").id, "HaNetwork-VM Network")
end)

t.test("the browser's first page is the ServiceInstance", function()
  t.equal({ mob.parse("https://vc.example/mob/").id, mob.parse("https://vc.example/mob").id },
    { "ServiceInstance", "ServiceInstance" })
end)

t.test("reads what the vSphere Client shows, with the type it names", function()
  local address = mob.parse(
    "https://vc.example/ui/app/vm;nav=v/urn:vmomi:VirtualMachine:vm-42:5000-ab/summary")
  t.equal({ address.type, address.id, address.instance }, { "VirtualMachine", "vm-42", "5000-ab" })
  local escaped = "https://vc.example/ui/#?extensionId=x&objectId=urn%3avmomi:HostSystem:host-9:5000-ab"
  t.equal(mob.parse(escaped).id, "host-9")
end)

t.test("a URL of a method, or of nothing, is refused with a hint", function()
  local e = t.raises(function() mob.parse "https://vc.example/mob/?moid=vm-42&method=powerOn" end, "http.url")
  t.match(e.hint, 'vc:object("vm-42"):powerOn')
  t.match(t.raises(function() mob.parse "https://vc.example/ui/" end, "http.url").hint, "/mob/?moid=")
end)

t.test("gives the typed object and asks nothing", function()
  local vc = connection()
  local found, value = mob.object(vc, "https://VC.example/mob/?moid=dvportgroup-7")
  t.equal({ tostring(found), value }, { "DistributedVirtualPortgroup:dvportgroup-7" })
  t.equal(found, vc.space:object(moid.read(vc.content, "dvportgroup-7")))
  t.equal(vc.notices, {})
end)

t.test("another host's name is worth a notice, as a server has many names", function()
  local vc = connection()
  mob.object(vc, "https://10.0.0.9/mob/?moid=vm-42")
  t.equal(vc.notices, { "the URL is of 10.0.0.9; vm-42 is looked up on vc.example" })
end)

t.test("the client's URL of another vCenter is an error, whatever the name", function()
  local vc = connection()
  local e = t.raises(function()
    mob.object(vc, "https://vc.example/ui/app/vm;nav=v/urn:vmomi:VirtualMachine:vm-42:9999/summary")
  end, "vim.not_found")
  t.match(tostring(e), "another vCenter")
  t.equal(tostring(mob.object(vc, "https://alias/ui/app/vm/urn:vmomi:VirtualMachine:vm-42:5000-ab/x")),
    "VirtualMachine:vm-42")
  t.equal(vc.notices, {})
end)
