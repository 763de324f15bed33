--- Port groups, folders and tags: made, changed and removed in part, and what is refused.
local server = require "tests.support.server"
local t = require "tests.support.spec"

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

local function apply(vc, text, ...)
  local path = playbook(text)
  local said = ends_with(vc:perilune("apply", path, "-y", ...), 0)
  ends_with(vc:perilune("plan", path), 0)
  return said
end

t.test("a port group that some hosts lack is added to these alone", function()
  local vc = server.start()
  apply(vc, 'portgroup "p" { hosts = { cluster("DC0_C0").hosts[1] }, vlan = 7 }')
  local text = ends_with(vc:perilune("plan", playbook 'portgroup "p" { hosts = cluster("DC0_C0").hosts, vlan = 7 }'), 2)
  t.match(text, "DC0_C0_H1")
  t.match(text, "DC0_C0_H2")
  t.is_nil(text:find("DC0_C0_H0", 1, true))
  apply(vc, 'portgroup "p" { hosts = cluster("DC0_C0").hosts, vlan = 7 }')
  for i = 0, 2 do
    t.match(vc:govc("host.portgroup.info", "-host", "/DC0/host/DC0_C0/DC0_C0_H" .. i), "p\n")
  end
end)

t.test("a switch that a host does not have is refused in the plan, naming those it has", function()
  local vc = server.start()
  local text = ends_with(vc:perilune("plan",
    playbook 'portgroup "p" { hosts = cluster("DC0_C0").hosts, switch = "vSwitch9" }'), 1)
  t.match(text, 'no standard switch "vSwitch9"')
  t.match(text, "vSwitch0")
end)

t.test("what a playbook does not say of a port group stays as it is", function()
  local vc = server.start()
  apply(vc, 'portgroup "p" { hosts = cluster("DC0_C0").hosts, vlan = 7, security = { promiscuous = true } }')
  apply(vc, 'portgroup "p" { hosts = cluster("DC0_C0").hosts, security = { mac_changes = true } }')
  for _, group in ipairs(vc:govc_json("host.portgroup.info", "-host", "/DC0/host/DC0_C0/DC0_C0_H0").portgroup) do
    if group.spec.name == "p" then
      t.equal(group.spec.vlanId, 7)
      t.equal(group.spec.policy.security.allowPromiscuous, true)
      t.equal(group.spec.policy.security.macChanges, true)
    end
  end
end)

t.test("a folder brings the parents that are missing, once for two of them", function()
  local vc = server.start()
  local said = apply(vc, [[
folder "one" { path = "/DC0/vm/a/b/one" }
folder "two" { path = "/DC0/vm/a/b/two" }
]])
  t.match(said, "4 added")
  t.match(vc:govc("find", "/DC0/vm/a/b"), "/DC0/vm/a/b/one")
  t.match(vc:govc("find", "/DC0/vm/a/b"), "/DC0/vm/a/b/two")
end)

t.test("a folder that holds something is not removed, and what it holds is named", function()
  local vc = server.start()
  apply(vc, 'folder "f" { path = "/DC0/vm/f" }')
  vc:govc("folder.create", "/DC0/vm/f/inner")
  t.match(ends_with(vc:perilune("plan", playbook 'folder "f" { path = "/DC0/vm/f", absent = true }'), 1),
    'folder "inner"')
  vc:govc("object.destroy", "/DC0/vm/f/inner")
  apply(vc, 'folder "f" { path = "/DC0/vm/f", absent = true }', "--allow", "delete")
end)

t.test("names with slashes are one name", function()
  local vc = server.start()
  apply(vc, 'folder "odd" { path = "/DC0/vm/a%2fb" }')
  ends_with(vc:perilune("plan", playbook 'folder "odd" { path = "/DC0/vm/a%2Fb" }'), 0)
end)

t.test("a tag gets its category first, a description later, and is removed alone", function()
  local vc = server.start()
  local category = 'tag_category "tier" { description = "where it stands" }\n'
  apply(vc, category .. 'tag "web" { category = "tier" }')
  apply(vc, category .. 'tag "web" { category = "tier", description = "faces the world" }')
  t.match(vc:govc("tags.info", "-c", "tier", "web"), "faces the world")
  apply(vc, category .. 'tag "web" { category = "tier", absent = true }', "--allow", "delete")
  t.equal(vc:govc("tags.ls", "-c", "tier"), "")
  t.match(ends_with(vc:perilune("plan", playbook 'tag "x" { category = "none" }'), 1), 'no tag category "none"')
end)
