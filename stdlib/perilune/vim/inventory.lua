--- The inventory as one tree: a traversal that reaches everything from the root folder, in one request.
---
--- A host of its own (ESXi) has the same tree. Virtual machines are found in their folders, and those of
--- vApps in these; networks and datastores in theirs, whatever folders and pods they lie in.
local collector = require "perilune.vim.collector"
local handle = require "perilune.c.object"

local inventory = {}

--- Which property of which type leads on. The API wants each step to name a type that has the property.
local STEPS = {
  { "Folder", "childEntity" },
  { "Datacenter", "vmFolder" },
  { "Datacenter", "hostFolder" },
  { "Datacenter", "datastoreFolder" },
  { "Datacenter", "networkFolder" },
  { "ComputeResource", "host" },
  { "ComputeResource", "resourcePool" },
  { "ResourcePool", "resourcePool" },
  { "VirtualApp", "vm" },
}

local function step_name(step)
  return step[1] .. "." .. step[2]
end

--- From each type only the steps that can follow it: fewer for the server to try.
local FOLLOW = {
  Folder = { "Folder", "Datacenter", "ComputeResource", "VirtualApp" },
  Datacenter = { "Folder" },
  ComputeResource = { "ResourcePool", "VirtualApp" },
  ResourcePool = { "ResourcePool", "VirtualApp" },
  VirtualApp = {},
}

local function includes(list, item)
  for _, candidate in ipairs(list) do
    if candidate == item then
      return true
    end
  end
  return false
end

local function following(type_name)
  local selections = {}
  for _, step in ipairs(STEPS) do
    if includes(FOLLOW[type_name], step[1]) then
      selections[#selections + 1] = { name = step_name(step) }
    end
  end
  return selections
end

--- The SelectionSpecs that lead from a folder to everything below it.
---@return table[]
function inventory.traversal()
  local specs = {}
  for i, step in ipairs(STEPS) do
    specs[i] = {
      _typeName = "TraversalSpec",
      name = step_name(step),
      type = step[1],
      path = step[2],
      skip = false,
      selectSet = following(step[1]),
    }
  end
  return specs
end

--- A PropertyFilterSpec for the objects below a root (itself included): type → paths.
---@param root userdata  a folder, datacenter, compute resource or pool
---@param paths table<string, string[]>
---@return table
function inventory.filter(root, paths)
  local properties = {}
  for type_name, path_set in pairs(paths) do
    properties[#properties + 1] = { type = type_name, all = false, pathSet = path_set }
  end
  table.sort(properties, function(a, b) return a.type < b.type end)
  return {
    propSet = properties,
    objectSet = { { obj = root, skip = false, selectSet = inventory.traversal() } },
  }
end

--- Reads properties of all objects of some types; other types are only passed through. One request, more
--- only where the server pages.
---@param connection perilune.vim.Connection
---@param paths table<string, string[]>  managed type → property paths
---@param root userdata?  the root folder if absent
---@return perilune.vim.Row[]
function inventory.read(connection, paths, root)
  local filter = inventory.filter(root or connection.content.rootFolder, paths)
  return collector.retrieve(connection, { spec_set = { filter } })
end

--- The managed type of an object.
---@param ref userdata
---@return string
function inventory.type_of(ref)
  return handle.type(ref)
end

return inventory
