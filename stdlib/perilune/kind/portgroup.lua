--- A port group of a standard switch: one resource on each of its hosts.
local schema = require "perilune.schema"

local SECURITY = {
  promiscuous = "allowPromiscuous",
  forged_transmits = "forgedTransmits",
  mac_changes = "macChanges",
}
local SECURITY_ORDER = { "promiscuous", "forged_transmits", "mac_changes" }

local portgroup = {
  name = "portgroup",
  doc = "A port group of a standard switch, on each of its hosts.",
  fields = schema.record {
    hosts = schema.list(schema.ref { "host" }):required():doc "the hosts that have it",
    switch = schema.string():default("vSwitch0"):doc "name of the standard switch",
    vlan = schema.integer(0, 4095):default(0):doc "VLAN id; 0 is untagged, 4095 passes every VLAN on",
    security = schema.record {
      promiscuous = schema.boolean():doc "may a VM see the frames of others",
      forged_transmits = schema.boolean():doc "may a VM send with another MAC address than its own",
      mac_changes = schema.boolean():doc "may a VM change its MAC address",
    }:doc "what is not mentioned is inherited from the switch",
  },
  types = { "Network" },
  attributes = {},
}

function portgroup.place(node, context)
  local hosts = node.fields.hosts
  if #hosts == 1 then return "on " .. hosts[1].name end
  local cluster = context.common_parent(hosts)
  return ("on %d hosts%s"):format(#hosts, cluster and " of " .. cluster.name or "")
end

--- The Network object that VMs are connected to; absent while no host has the port group.
function portgroup.identify(node, estate)
  local datacenter = node.fields.hosts[1] and estate:datacenter_of(node.fields.hosts[1].entry)
  for _, entry in ipairs(estate:find({ "Network" }, node.name)) do
    if estate:datacenter_of(entry) == datacenter then return entry end
  end
end

local function network_system(host)
  return host.entry.props["configManager.networkSystem"]
end

function portgroup.needs(node, reads)
  local paths = { "networkInfo.portgroup", "networkInfo.vswitch" }
  for _, host in ipairs(node.fields.hosts) do
    reads:properties(network_system(host), "HostNetworkSystem", paths)
  end
  if node.entry and reads.destroy then reads:properties(node.entry.ref, "Network", { "vm" }) end
end

local function spec_on(host, name, facts)
  local row = facts:of(network_system(host))
  for _, present in ipairs(row and row["networkInfo.portgroup"] or {}) do
    if present.spec.name == name then return present.spec end
  end
end

local function switch_problem(host, switch, facts)
  local found = {}
  local row = facts:of(network_system(host))
  for i, present in ipairs(row and row["networkInfo.vswitch"] or {}) do
    if present.name == switch then return nil end
    found[i] = present.name
  end
  local list = #found > 0 and "it has " .. table.concat(found, ", ") or "it has none"
  return ("host %s has no standard switch %q; %s"):format(host.name, switch, list)
end

--- Present state: the specs by host. A second result says why the port group cannot be what is declared.
function portgroup.actual(node, facts)
  local specs, problem = {}, nil
  for _, host in ipairs(node.fields.hosts) do
    local spec = spec_on(host, node.name, facts)
    specs[host] = spec
    if spec and node.given.switch and spec.vswitchName ~= node.fields.switch then
      problem = problem or ("on host %s it is a port group of %s, not of %s; remove it there first")
        :format(host.name, spec.vswitchName, node.fields.switch)
    elseif not spec then
      problem = problem or switch_problem(host, node.fields.switch, facts)
    end
  end
  return specs, problem
end

local function security_of(spec)
  return spec.policy and spec.policy.security or {}
end

local function by_value(hosts, specs, get)
  local texts, names = {}, {}
  for _, host in ipairs(hosts) do
    if specs[host] then
      local value = get(specs[host])
      local text = value == nil and "inherited" or tostring(value)
      if not names[text] then
        names[text] = {}
        texts[#texts + 1] = text
      end
      table.insert(names[text], host.name)
    end
  end
  return texts, names
end

--- The value that the hosts agree on, or those that are not as wanted, with their hosts.
local function across(hosts, specs, get, wanted)
  local texts, names = by_value(hosts, specs, get)
  if #texts == 1 then return texts[1] end
  local parts = {}
  for _, text in ipairs(texts) do
    local named = names[text]
    local places = #named > 3 and #named .. " hosts" or table.concat(named, ", ")
    if text ~= tostring(wanted) then parts[#parts + 1] = text .. " on " .. places end
  end
  return table.concat(parts, "; ")
end

local function differs(hosts, specs, get, wanted)
  for _, host in ipairs(hosts) do
    if specs[host] and get(specs[host]) ~= wanted then return true end
  end
  return false
end

local function compare(node, changes, path, get, wanted)
  local hosts, specs = node.fields.hosts, node.actual
  if wanted ~= nil and differs(hosts, specs, get, wanted) then
    local old = across(hosts, specs, get, wanted)
    changes:field { path = path, old = old, new = tostring(wanted), raw = { nil, wanted } }
  end
end

function portgroup.exists(node)
  return next(node.actual) ~= nil
end

function portgroup.describe(node, changes)
  changes:field { path = "vlan", new = tostring(node.fields.vlan), raw = { nil, node.fields.vlan } }
  changes:field { path = "switch", new = node.fields.switch, raw = { nil, node.fields.switch } }
  for _, name in ipairs(SECURITY_ORDER) do
    local value = node.fields.security and node.fields.security[name]
    if value ~= nil then
      changes:field { path = "security." .. name, new = tostring(value), raw = { nil, value } }
    end
  end
end

function portgroup.diff(node, changes)
  local missing = {}
  for _, host in ipairs(node.fields.hosts) do
    if not node.actual[host] then missing[#missing + 1] = host.name end
  end
  if #missing > 0 then changes:field { path = "hosts", added = missing } end
  if node.given.vlan then
    compare(node, changes, "vlan", function(spec) return spec.vlanId end, node.fields.vlan)
  end
  for _, name in ipairs(SECURITY_ORDER) do
    compare(node, changes, "security." .. name, function(spec) return security_of(spec)[SECURITY[name]] end,
      node.fields.security and node.fields.security[name])
  end
end

--- The policy as read with what is declared laid over it; an absent setting is inherited.
local function policy_of(node, present)
  local policy = {}
  for key, value in pairs(present and present.policy or {}) do
    policy[key] = value
  end
  local security = {}
  for key, value in pairs(policy.security or {}) do
    security[key] = value
  end
  for name, api_name in pairs(SECURITY) do
    local wanted = node.fields.security and node.fields.security[name]
    if wanted ~= nil then security[api_name] = wanted end
  end
  policy.security = next(security) ~= nil and security or nil
  return policy
end

--- The whole HostPortGroupSpec: UpdatePortGroup replaces what is there, so what is not declared is as read.
local function spec_for(node, present)
  local vlan_is_ours = node.given.vlan or not present
  return {
    name = node.name,
    vlanId = vlan_is_ours and node.fields.vlan or present.vlanId,
    vswitchName = present and present.vswitchName or node.fields.switch,
    policy = policy_of(node, present),
  }
end

local function is_as_declared(node, spec)
  if node.given.vlan and spec.vlanId ~= node.fields.vlan then return false end
  for name, api_name in pairs(SECURITY) do
    local wanted = node.fields.security and node.fields.security[name]
    if wanted ~= nil and security_of(spec)[api_name] ~= wanted then return false end
  end
  return true
end

local function call_for(node, host)
  local present = node.actual[host]
  if not present then
    return { object = network_system(host), method = "AddPortGroup", args = { portgrp = spec_for(node) } }
  elseif not is_as_declared(node, present) then
    return {
      object = network_system(host),
      method = "UpdatePortGroup",
      args = { pgName = node.name, portgrp = spec_for(node, present) },
    }
  end
end

function portgroup.steps(node, change, steps)
  local calls = {}
  for _, host in ipairs(node.fields.hosts) do
    calls[#calls + 1] = call_for(node, host)
  end
  steps:add { title = change.action == "create" and "create" or "update", calls = calls }
end

--- Network cards of VMs that stay keep it.
function portgroup.holds(node, context)
  local others = {}
  local row = node.entry and context.facts:of(node.entry.ref)
  for _, entry in ipairs(context.estate:entries(row and row.vm)) do
    if not context.is_removed(entry) then others[#others + 1] = context.label(entry) end
  end
  return others
end

function portgroup.remove(node, _, steps)
  local calls = {}
  for _, host in ipairs(node.fields.hosts) do
    if node.actual[host] then
      calls[#calls + 1] =
        { object = network_system(host), method = "RemovePortGroup", args = { pgName = node.name } }
    end
  end
  steps:add { title = "remove", removes = true, calls = calls }
end

return portgroup
