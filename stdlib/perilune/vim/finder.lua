--- Finding objects by inventory path, in a number of requests that depends on the path alone.
---
---     /DC0/vm       plain names in front: one FindByInventoryPath, which the server answers with one reference
---     .../web-*     each part after: one retrieval of names, of what is below all that was found so far
---
--- A plain name below a few objects is asked for with FindChild, so a folder of ten thousand is read only where
--- wildcards need its names. The server gives one object for a path even if two have it. That can be among networks,
--- where a port group may be named as a network of hosts: there the folder is read once more.
local collector = require "perilune.vim.collector"
local fault = require "perilune.vim.fault"
local handle = require "perilune.c.object"
local inventory = require "perilune.vim.inventory"
local method = require "perilune.vim.method"
local names = require "perilune.util.names"
local path = require "perilune.vim.inventory_path"
local schema = require "perilune.c.schema"
local scope = require "perilune.util.scope"

local finder = {}

local FEW = 8 -- objects that are asked one by one for a child, all at once

local NAMES = { ManagedEntity = { "name" } }

--- In which of a datacenter's folders objects of a type are.
local FOLDERS = {
  { "VirtualMachine", "vmFolder" },
  { "VirtualApp", "hostFolder" },
  { "HostSystem", "hostFolder" },
  { "ComputeResource", "hostFolder" },
  { "ResourcePool", "hostFolder" },
  { "Datastore", "datastoreFolder" },
  { "StoragePod", "datastoreFolder" },
  { "Network", "networkFolder" },
  { "DistributedVirtualSwitch", "networkFolder" },
}

--- References without repetitions.
local function set_of(rows, fits)
  local list, has = {}, {}
  for _, row in ipairs(rows) do
    if not has[row.ref] and row.name and fits(names.unescape(row.name)) then
      has[row.ref] = true
      list[#list + 1] = row.ref
    end
  end
  return list
end

local function read(connection, filters)
  return collector.retrieve(connection, { spec_set = filters })
end

--- The first object of a path, as the server sees it.
local function by_path(connection, text)
  return method.call(connection, connection.content.searchIndex, "FindByInventoryPath", { inventoryPath = text })
end

local function child_of(connection, parent, name)
  local ok, found = pcall(method.call, connection, connection.content.searchIndex, "FindChild", {
    entity = parent,
    name = names.escape(name),
  })
  if not ok and not fault.is(found.fault, "ManagedObjectNotFound") then
    error(found, 0)
  end
  return ok and found or nil
end

local function may_have_namesakes(ref)
  return schema.is_a(handle.type(ref), "Network") or schema.is_a(handle.type(ref), "DistributedVirtualSwitch")
end

--- All objects of the name of one and in its folder, itself among them.
local function namesakes(connection, ref, name)
  if not may_have_namesakes(ref) then
    return { ref }
  end
  local found = set_of(read(connection, inventory.siblings(ref, NAMES)), function(other) return other == name end)
  return #found > 0 and found or { ref }
end

local function children_by_name(connection, parents, name)
  local rows = scope.parallel(FEW, parents, function(parent)
    return { ref = child_of(connection, parent, name), name = names.escape(name) }
  end)
  local found = {}
  for _, row in ipairs(rows) do
    for _, ref in ipairs(row.ref and namesakes(connection, row.ref, name) or {}) do
      found[#found + 1] = { ref = ref, name = row.name }
    end
  end
  return set_of(found, function() return true end)
end

--- What is named by one more part of a path, below some objects.
local function step(connection, parents, part)
  if #parents == 0 then
    return parents
  elseif part.is_deep then
    return set_of(read(connection, inventory.below(parents, NAMES)), part.fits)
  elseif part.name and #parents <= FEW and connection.content.searchIndex then
    return children_by_name(connection, parents, part.name)
  end
  return set_of(read(connection, inventory.children(parents, NAMES)), part.fits)
end

--- The objects that the parts of a path from one on lead to.
local function walk(connection, at, parts, first)
  for i = first, #parts do
    at = step(connection, at, parts[i])
  end
  return at
end

local function from_root(connection, parts)
  local count = connection.content.searchIndex and path.literals(parts) or 0
  if count == 0 then
    return walk(connection, { connection.content.rootFolder }, parts, 1)
  end
  local found = by_path(connection, path.spell(parts, count))
  local at = found and namesakes(connection, found, parts[count].name) or {}
  return walk(connection, at, parts, count + 1)
end

--- The folder in which a datacenter has objects of a type: the name of the property.
local function folder_of(type_name)
  for _, known in ipairs(FOLDERS) do
    if schema.is_a(type_name, known[1]) then
      return known[2]
    end
  end
end

--- Where relative paths may begin: at the root, at a datacenter, or in its folder of the type.
local function beginnings(connection, type_name)
  local root, folder = connection.content.rootFolder, type_name and folder_of(type_name)
  local list = { root }
  for _, row in ipairs(read(connection, inventory.datacenters(root, { folder }))) do
    list[#list + 1] = row.ref
    list[#list + 1] = folder and row[folder]
  end
  return list
end

--- Where objects of a path are looked for.
local function starts(connection, parts, options)
  if parts.is_absolute then
    return { connection.content.rootFolder }
  end
  return options.root and { options.root } or beginnings(connection, options.type)
end

--- The objects that a path names.
---@param connection perilune.vim.Connection
---@param parts perilune.vim.InventoryPath
---@param options { type: string?, root: userdata? }  where a relative path begins
---@return userdata[]
function finder.find(connection, parts, options)
  if parts.is_absolute then
    return from_root(connection, parts)
  end
  return walk(connection, starts(connection, parts, options), parts, 1)
end

--- How far a path leads that leads nowhere: the number of the part that nothing fits, and the names there are instead.
--- Reads names on each level; for messages.
---@param connection perilune.vim.Connection
---@param parts perilune.vim.InventoryPath
---@param options { type: string?, root: userdata? }
---@return integer failing  one more than there are if all parts lead on
---@return string[] instead
function finder.explain(connection, parts, options)
  local at = starts(connection, parts, options)
  for i, part in ipairs(parts) do
    local below = step(connection, at, part)
    if #below == 0 then
      local filters = part.is_deep and inventory.below or inventory.children
      local instead = {}
      for _, row in ipairs(read(connection, filters(at, NAMES))) do
        instead[#instead + 1] = row.name and names.unescape(row.name)
      end
      return i, instead
    end
    at = below
  end
  return #parts + 1, {}
end

return finder
