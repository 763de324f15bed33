--- portgroup: what differs on which of its hosts.
local portgroup = require "perilune.kind.portgroup"
local t = require "tests.support.spec"

local function hosts_of(count)
  local hosts = {}
  for i = 1, count do hosts[i] = { name = "esx-" .. i } end
  return hosts
end

-- The fields that differ where the hosts have these specs; false: no such port group there.
local function diff(specs)
  local node = {
    name = "web", fields = { hosts = hosts_of(#specs), vlan = 120, security = { promiscuous = false } },
    given = { vlan = true, security = true }, actual = {},
  }
  for i, spec in ipairs(specs) do node.actual[node.fields.hosts[i]] = spec or nil end
  local fields = {}
  portgroup.diff(node, { field = function(_, field) fields[field.path] = field end })
  return fields
end

local function spec(vlan, promiscuous)
  return { vlanId = vlan, policy = { security = { allowPromiscuous = promiscuous } } }
end

t.test("what all hosts have as declared does not differ", function()
  t.equal(diff { spec(120, false), spec(120, false) }, {})
end)

t.test("a value that all hosts share is told once", function()
  t.equal(diff({ spec(7, false), spec(7, false) }).vlan.old, "7")
end)

t.test("a host that alone differs is named with its value", function()
  t.equal(diff({ spec(120, false), spec(666, false), spec(120, false) }).vlan.old, "666 on esx-2")
end)

t.test("several values are told each with its hosts, many hosts as their number", function()
  local eight = spec(8, false)
  local fields = diff { spec(7, false), eight, eight, eight, eight, spec(120, false) }
  t.equal(fields.vlan.old, "7 on esx-1; 8 on 4 hosts")
end)

t.test("a setting that a host does not have itself is inherited", function()
  t.equal(diff({ spec(120, nil), spec(120, nil) })["security.promiscuous"].old, "inherited")
end)

t.test("a host without the port group is to be added", function()
  t.equal(diff({ spec(120, false), false }).hosts.added, { "esx-2" })
end)
