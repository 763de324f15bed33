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

local function add(index, key, entry)
  local list = index[key]
  if list then
    list[#list + 1] = entry
  else
    index[key] = { entry }
  end
end

--- Entries by what has several of them. Kinds look up each resource, so no lookup may go over the whole estate.
local function new_estate(vc, by_ref)
  local self = setmetatable({
    vc = vc, by_ref = by_ref, by_name = {}, by_type = {}, by_parent = {}, unique = {},
  }, Estate)
  for _, entry in pairs(by_ref) do
    add(self.by_name, entry.name, entry)
    add(self.by_type, entry.type, entry)
    if entry.parent then add(self.by_parent, entry.parent, entry) end
  end
  return self
end

--- Reads the inventory of a connection. Waits; one request, more only where the server pages.
---@return perilune.plan.Estate
function estate.read(vc)
  return new_estate(vc, make_entries(inventory.read(vc, all_paths())))
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

--- Every entry of the given managed types, by path; those only that fits says true of.
---@param types string[]
---@param fits (fun(entry: perilune.plan.Entry): boolean)?
---@return perilune.plan.Entry[]
function Estate:all(types, fits)
  local list = {}
  for _, type_name in ipairs(types) do
    for _, entry in ipairs(self.by_type[type_name] or {}) do
      if not fits or fits(entry) then list[#list + 1] = entry end
    end
  end
  table.sort(list, by_path)
  return list
end

--- The entry that has a value as a property, which is unique among those of its type; nil when there is none. The
--- property is one that the inventory was read with.
---@return perilune.plan.Entry?
function Estate:with(type_name, path, value)
  local key = type_name .. " " .. path
  local index = self.unique[key]
  if not index then
    index = {}
    for _, entry in ipairs(self.by_type[type_name] or {}) do
      index[entry.props[path] or false] = entry
    end
    self.unique[key] = index
  end
  return index[value]
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
  local list = self:all(types, function(entry) return self:is_below(entry, root) end)
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
  for _, entry in ipairs(self.by_parent[parent] or {}) do
    if not types or is_one_of(entry.type, types) then list[#list + 1] = entry end
  end
  table.sort(list, by_entry_name)
  return list
end

return estate
