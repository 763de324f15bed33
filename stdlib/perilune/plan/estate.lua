--- The live inventory as one read found it: entries by reference, path and name.
---
--- One RetrievePropertiesEx brings the names and parents of everything, however large the estate;
--- what a playbook compares is read later, for the objects it names only.
local inventory = require "perilune.vim.inventory"
local names = require "perilune.util.names"

---@class perilune.plan.Entry
---@field ref userdata        the managed object
---@field type string         its managed type
---@field name string         as a person reads it: %2f is /
---@field path string         inventory path, pasteable into govc
---@field parent perilune.plan.Entry?
---@field props table         property path → value

---@class perilune.plan.Estate
local Estate = {}
Estate.__index = Estate

local estate = {}

local COMMON = { "name", "parent" }

--- What is read of each managed type besides its name and parent.
local PATHS = {
  Folder = {},
  Datacenter = { "vmFolder", "hostFolder", "datastoreFolder", "networkFolder" },
  ComputeResource = { "host", "resourcePool", "datastore", "network" },
  ClusterComputeResource = {
    "host", "resourcePool", "datastore", "network", "configuration.drsConfig.enabled",
  },
  HostSystem = { "configManager.networkSystem", "datastore" },
  ResourcePool = { "owner" },
  VirtualApp = { "owner" },
  Datastore = { "summary.freeSpace", "summary.capacity" },
  Network = {},
  OpaqueNetwork = { "summary" },
  DistributedVirtualPortgroup = { "key", "config.distributedVirtualSwitch" },
  DistributedVirtualSwitch = { "uuid" },
  VmwareDistributedVirtualSwitch = { "uuid" },
  VirtualMachine = {
    "config.instanceUuid", 'config.extraConfig["perilune.owner"].value', "guest.ipAddress", "parentVApp",
  },
}

local function all_paths()
  local paths = {}
  for type_name, more in pairs(PATHS) do
    paths[type_name] = table.move(more, 1, #more, #COMMON + 1, { table.unpack(COMMON) })
  end
  return paths
end

--- The path is made when asked for: of ten thousand VMs a plan names a few.
local Entry = {}
function Entry:__index(key)
  if key ~= "path" then return nil end
  local above = self.parent and self.parent.path or ""
  local path = self.parent and above .. "/" .. names.escape(self.name) or ""
  self.path = path
  return path
end

local function make_entries(rows)
  local by_ref = {}
  for _, row in ipairs(rows) do
    by_ref[row.ref] = setmetatable({
      ref = row.ref,
      type = inventory.type_of(row.ref),
      name = names.unescape(row.name or ""),
      props = row,
    }, Entry)
  end
  for _, entry in pairs(by_ref) do
    entry.parent = by_ref[entry.props.parent or entry.props.parentVApp or false]
  end
  return by_ref
end

local function index_by_name(by_ref)
  local by_name = {}
  for _, entry in pairs(by_ref) do
    local same = by_name[entry.name] or {}
    same[#same + 1] = entry
    by_name[entry.name] = same
  end
  return by_name
end

--- Reads the inventory of a connection. Waits; one request, more only where the server pages.
---@return perilune.plan.Estate
function estate.read(vc)
  local by_ref = make_entries(inventory.read(vc, all_paths()))
  return setmetatable({ vc = vc, by_ref = by_ref, by_name = index_by_name(by_ref) }, Estate)
end

local function by_path(a, b)
  return a.path < b.path
end

local function by_entry_name(a, b)
  if a.name ~= b.name then return a.name < b.name end
  return a.path < b.path
end

local function is_one_of(type_name, types)
  for _, candidate in ipairs(types) do
    if type_name == candidate then return true end
  end
  return false
end

--- The entry of a managed object; nil when the object is unknown or nil.
---@return perilune.plan.Entry?
function Estate:entry(ref)
  return ref and self.by_ref[ref]
end

--- The entries of several managed objects, by name.
---@return perilune.plan.Entry[]
function Estate:entries(refs)
  local list = {}
  for _, ref in ipairs(refs or {}) do
    list[#list + 1] = self.by_ref[ref]
  end
  table.sort(list, by_entry_name)
  return list
end

--- Every entry of the given managed types, by path.
---@return perilune.plan.Entry[]
function Estate:all(types)
  local list = {}
  for _, entry in pairs(self.by_ref) do
    if is_one_of(entry.type, types) then list[#list + 1] = entry end
  end
  table.sort(list, by_path)
  return list
end

--- Whether entry is root or somewhere below it.
function Estate.is_below(_, entry, root)
  while entry and entry ~= root do
    entry = entry.parent
  end
  return entry == root
end

--- The entries of the given types below root, by name.
---@return perilune.plan.Entry[]
function Estate:below(root, types)
  local list = {}
  for _, entry in pairs(self.by_ref) do
    if is_one_of(entry.type, types) and self:is_below(entry, root) then list[#list + 1] = entry end
  end
  table.sort(list, by_entry_name)
  return list
end

--- The datacenter an entry lies in; nil for what is above all of them.
---@return perilune.plan.Entry?
function Estate.datacenter_of(_, entry)
  while entry and entry.type ~= "Datacenter" do
    entry = entry.parent
  end
  return entry
end

--- The entries of the given types with a name or, when it begins with /, an inventory path; by path.
---@return perilune.plan.Entry[]
function Estate:find(types, name)
  local list = {}
  local last = name:sub(1, 1) == "/" and names.unescape(name:match "([^/]+)/*$" or "") or name
  local path = last ~= name and names.canonical(name)
  for _, entry in ipairs(self.by_name[last] or {}) do
    local fits = is_one_of(entry.type, types) and (not path or entry.path == path)
    if fits then list[#list + 1] = entry end
  end
  table.sort(list, by_path)
  return list
end

--- The one entry at an inventory path, of any type; nil when there is none.
---@return perilune.plan.Entry?
function Estate:at(path)
  local wanted = names.canonical(path)
  for _, entry in ipairs(self.by_name[names.unescape(wanted:match "([^/]+)$" or "")] or {}) do
    if entry.path == wanted then return entry end
  end
end

--- The children of an entry of the given types, by name.
---@return perilune.plan.Entry[]
function Estate:children(parent, types)
  local list = {}
  for _, entry in pairs(self.by_ref) do
    if entry.parent == parent and (not types or is_one_of(entry.type, types)) then list[#list + 1] = entry end
  end
  table.sort(list, by_entry_name)
  return list
end

return estate
