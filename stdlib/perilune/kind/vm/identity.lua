--- Which VM of the inventory a declared one is.
---
--- By its name in its declared folder. Absent there but present elsewhere in the datacenter: ours by its
--- marker, it is moved; else an error that lists it, for a person to settle with was, uuid or twin.
local marker = require "perilune.kind.vm.marker"
local names = require "perilune.util.names"

local identity = {}

local TYPES = { "VirtualMachine" }

--- Where the datacenter is to be found: the first of these that is declared tells.
local TELLS_DATACENTER = { "datacenter", "folder", "pool", "host", "datastore" }

--- The datacenter of a VM; nil and what to do when nothing tells it.
---@return perilune.plan.Entry?, string? problem
function identity.datacenter(node, estate)
  for _, field in ipairs(TELLS_DATACENTER) do
    local place = node.fields[field]
    local entry = place and place.entry
    if place and place.fields then entry = estate:at("/" .. names.split(place.fields.path)[1]) end
    if entry then return estate:datacenter_of(entry) end
  end
  local all = estate:all { "Datacenter" }
  if #all == 1 then return all[1] end
  return nil, 'there are several datacenters; say which with datacenter = "…"'
end

--- The folder entry it shall lie in; nil while that folder is yet to be made.
function identity.folder(node, estate)
  if node.fields.folder then return node.fields.folder.entry end
  local datacenter = identity.datacenter(node, estate)
  return datacenter and estate:entry(datacenter.props.vmFolder)
end

--- The path of the folder it shall lie in.
function identity.folder_path(node, estate)
  local folder = node.fields.folder
  if folder and folder.fields then return names.canonical(folder.fields.path) end
  local entry = identity.folder(node, estate)
  return entry and entry.path or "?"
end

--- Where the VM belongs, as the plan says it.
function identity.place(node, context)
  return "in " .. identity.folder_path(node, context.estate)
end

local function describe(entry)
  local address = entry.props["guest.ipAddress"]
  return ("%s (instance UUID %s%s)"):format(entry.path, entry.props["config.instanceUuid"] or "unknown",
    address and ", address " .. address or "")
end

local function listing(entries)
  local lines = {}
  for i, entry in ipairs(entries) do
    lines[i] = "  " .. describe(entry)
  end
  return table.concat(lines, "\n")
end

local function by_uuid(node, estate)
  local entry = estate:with("VirtualMachine", "config.instanceUuid", node.fields.uuid:lower())
  if entry then return entry end
  return nil, ("no VM has the instance UUID %s"):format(node.fields.uuid)
end

local function in_folder(node, estate, same_name)
  local folder = identity.folder(node, estate)
  local found = {}
  for _, entry in ipairs(same_name) do
    if entry.parent == folder then found[#found + 1] = entry end
  end
  if #found > 1 then
    local list = listing(found)
    return nil, ("two VMs of that name are in %s; say which with uuid:\n%s"):format(folder.path, list)
  end
  return found[1]
end

local function elsewhere(node, same_name, owner)
  local ours, strangers = {}, {}
  for _, entry in ipairs(same_name) do
    local list = owner and marker.owner(entry) == owner and ours or strangers
    list[#list + 1] = entry
  end
  if #ours > 1 then
    local list = listing(ours)
    return nil, ("it is there more than once, moved by hand; say which with uuid:\n%s"):format(list)
  elseif #ours == 0 and #strangers > 0 and not node.fields.twin then
    return nil, ("a VM of that name that is not this playbook's is elsewhere in the datacenter:\n%s\n%s"):format(
      listing(strangers), 'if it is meant: was = "' .. strangers[1].path .. '"; if not: twin = true')
  end
  return ours[1]
end

local function in_datacenter(estate, entries, datacenter, claimed)
  local list = {}
  for _, entry in ipairs(entries) do
    if estate:datacenter_of(entry) == datacenter and not claimed[entry] then list[#list + 1] = entry end
  end
  return list
end

--- The entry of a declared VM; nil when it does not exist yet. A second result says why that cannot be told.
---@param context table  owner; claimed = entries that other resources of the playbook are
---@return perilune.plan.Entry?, string? problem
function identity.find(node, estate, context)
  if node.fields.uuid then return by_uuid(node, estate) end
  local datacenter, problem = identity.datacenter(node, estate)
  if not datacenter then return nil, problem end
  local same_name = in_datacenter(estate, estate:find(TYPES, node.name), datacenter, context.claimed)
  local entry
  entry, problem = in_folder(node, estate, same_name)
  if entry or problem then return entry, problem end
  local before = node.fields.was and estate:at(node.fields.was)
  if before then return before end
  return elsewhere(node, same_name, context.owner)
end

return identity
