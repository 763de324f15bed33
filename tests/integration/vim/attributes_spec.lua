--- Custom attributes, with govc as the witness.
local server = require "tests.support.server"
local t = require "tests.support.spec"

local function start(...)
  local lab = server.start { "-host", "1", "-standalone-host", "0", ... }
  return lab, lab:connect()
end

t.test("attributes are defined, set, read, renamed and removed, as govc sees them", function()
  local lab, vc = start("-vm", "3")
  local vms = vc:find { type = "VirtualMachine" }
  t.equal(vc.custom_attributes:list(), {})
  local owner = vc.custom_attributes:add { name = "owner", type = "VirtualMachine" }
  t.equal(owner, { key = 0, name = "owner", type = "VirtualMachine", value_type = owner.value_type })
  local site = vc.custom_attributes:add { name = "site" }
  t.equal(vc.custom_attributes:list(), { owner, site })
  t.match(lab:govc "fields.ls", "owner")
  vc.custom_attributes:set(vms[1], "owner", "web <team>")
  vc.custom_attributes:set(vms[1], site.key, "Rome")
  vc.custom_attributes:set(vms[2], "owner", "db")
  t.match(lab:govc("fields.info", "-n", "owner", vms[1]:get "name"), "web <team>")
  local before = vc:stats().requests
  local values = vc.custom_attributes:read(vms)
  t.equal(vc:stats().requests - before, 1)
  t.equal(values[vms[1]], { owner = "web <team>", site = "Rome" })
  t.equal(values[vms[2]], { owner = "db" })
  t.equal(values[vms[3]], {})
  vc.custom_attributes:rename("owner", "team")
  vc.custom_attributes:set(vms[2], "team", "")
  values = vc.custom_attributes:read(vms)
  t.equal(values[vms[1]], { team = "web <team>", site = "Rome" })
  t.equal(values[vms[2]], {})
  vc.custom_attributes:remove(owner.key)
  t.equal(vc.custom_attributes:read(vms)[vms[1]], { site = "Rome" })
  t.equal(vc.custom_attributes:read {}, {})
end)

t.test("a name that is not there is an error with the nearest one", function()
  local _, vc = start("-vm", "1")
  vc.custom_attributes:add { name = "owner" }
  local vm = vc:find({ type = "VirtualMachine" })[1]
  local e = t.raises(function() vc.custom_attributes:set(vm, "onwer", "x") end, "vim.not_found")
  t.match(e.hint, '"owner"')
  t.match(t.raises(function() vc.custom_attributes:lst() end, "argument").hint, '"list"')
  t.match(t.raises(function() vc.custom_attributes.list() end, "argument").message, "with a colon")
end)

t.test("an ESXi host says that it has none", function()
  local vc = server.start({ "-esx", "-vm", "0" }):connect()
  local e = t.raises(function() vc.custom_attributes:list() end, "vim.not_found")
  t.match(e.hint, "ESXi host")
end)
