--- The inventory as one tree: a traversal that reaches everything below an object, in one request.
---
---     folders → datacenters → their folder of machines   → folders, machines, vApps and theirs
---                             their folder of hosts      → folders, clusters and hosts, pools, vApps and theirs
---                             of datastores, of networks → folders, pods, datastores; switches, networks
---
--- A host of its own (ESXi) has the same tree. Each step leads on only to what can follow it there, not just by its
--- type: servers differ in how they take a step from an object of another type, and machines have a `resourcePool` too.
local collector = require "perilune.vim.collector"
local handle = require "perilune.c.object"
local names = require "perilune.util.names"
local schema = require "perilune.c.schema"

local inventory = {}

local function step(type_name, path, follow)
  return { _typeName = "TraversalSpec", type = type_name, path = path, skip = false, selectSet = follow }
end

--- A step that is repeated from what it leads to.
local function repeated(name, type_name, path, ...)
  local spec = step(type_name, path, { { name = name }, ... })
  spec.name = name
  return spec
end

local function below_pool()
  return repeated("pools", "ResourcePool", "resourcePool", step("VirtualApp", "vm")), step("VirtualApp", "vm")
end

local function below_compute_resource()
  return step("ComputeResource", "host"), step("ComputeResource", "resourcePool", { below_pool() })
end

local function below_host_folder()
  return repeated("hosts", "Folder", "childEntity", below_compute_resource())
end

local function below_vm_folder()
  return repeated("machines", "Folder", "childEntity", step("VirtualApp", "vm"))
end

local function below_datastore_folder()
  return repeated("datastores", "Folder", "childEntity")
end

local function below_network_folder()
  return repeated("networks", "Folder", "childEntity")
end

local function below_datacenter()
  return step("Datacenter", "vmFolder", { below_vm_folder() }),
    step("Datacenter", "hostFolder", { below_host_folder() }),
    step("Datacenter", "datastoreFolder", { below_datastore_folder() }),
    step("Datacenter", "networkFolder", { below_network_folder() })
end

local function below_folder_of_datacenters()
  return repeated("folders", "Folder", "childEntity", below_datacenter())
end

--- Below a folder whose kind is not known: it may be any.
local function below_some_folder()
  local pools = step("ComputeResource", "resourcePool", { repeated("pools", "ResourcePool", "resourcePool") })
  local steps = { below_datacenter() }
  table.move({ step("ComputeResource", "host"), pools, step("VirtualApp", "vm") }, 1, 3, #steps + 1, steps)
  return repeated("folders", "Folder", "childEntity", table.unpack(steps))
end

--- What the ids of folders of a kind look like, on a vCenter and on a host.
local FOLDERS = {
  { "^group%-d%d", below_folder_of_datacenters },
  { "^ha%-folder%-root", below_folder_of_datacenters },
  { "^group%-v%d", below_vm_folder },
  { "^ha%-folder%-vm", below_vm_folder },
  { "^group%-h%d", below_host_folder },
  { "^ha%-folder%-host", below_host_folder },
  { "^group%-[sp]%d", below_datastore_folder },
  { "^ha%-folder%-datastore", below_datastore_folder },
  { "^group%-n%d", below_network_folder },
  { "^ha%-folder%-network", below_network_folder },
}

local function below_folder(id)
  for _, known in ipairs(FOLDERS) do
    if id:find(known[1]) then
      return known[2]()
    end
  end
  return below_some_folder()
end

--- The SelectionSpecs that lead from an object to everything below it.
local function traversal(root)
  local type_name = handle.type(root)
  if schema.is_a(type_name, "Folder") then
    return { below_folder(handle.id(root)) }
  elseif schema.is_a(type_name, "Datacenter") then
    return { below_datacenter() }
  elseif schema.is_a(type_name, "ComputeResource") then
    return { below_compute_resource() }
  end
  return { below_pool() }
end

--- What is directly below objects.
local function one_level()
  return {
    step("Folder", "childEntity"),
    step("Datacenter", "vmFolder"),
    step("Datacenter", "hostFolder"),
    step("Datacenter", "datastoreFolder"),
    step("Datacenter", "networkFolder"),
    step("ComputeResource", "host"),
    step("ComputeResource", "resourcePool"),
    step("ResourcePool", "resourcePool"),
    step("VirtualApp", "vm"),
  }
end

--- What is asked of which type: type → paths.
local function property_specs(paths)
  local properties = {}
  for type_name, path_set in pairs(paths) do
    properties[#properties + 1] = { type = type_name, all = false, pathSet = path_set }
  end
  table.sort(properties, function(a, b) return a.type < b.type end)
  return properties
end

local function filter(roots, paths, skip, selections)
  local objects = {}
  for i, root in ipairs(roots) do
    objects[i] = { obj = root, skip = skip, selectSet = selections }
  end
  return { propSet = property_specs(paths), objectSet = objects }
end

--- A PropertyFilterSpec for the objects below a root (itself included): type → paths.
---@param root userdata  a folder, datacenter, compute resource or pool
---@param paths table<string, string[]>
---@return table
function inventory.filter(root, paths)
  return filter({ root }, paths, false, traversal(root))
end

--- PropertyFilterSpecs for all that is below some objects, on any level, without themselves.
---@param roots userdata[]
---@param paths table<string, string[]>
---@return table[]
function inventory.below(roots, paths)
  local filters = {}
  for i, root in ipairs(roots) do
    filters[i] = filter({ root }, paths, true, traversal(root)) -- one each: the names of steps are of a filter
  end
  return filters
end

--- PropertyFilterSpecs for what is directly below some objects.
---@param roots userdata[]
---@param paths table<string, string[]>
---@return table[]
function inventory.children(roots, paths)
  return { filter(roots, paths, true, one_level()) }
end

--- PropertyFilterSpecs for the objects in the same folder as an object.
---@param ref userdata
---@param paths table<string, string[]>
---@return table[]
function inventory.siblings(ref, paths)
  local up = step("ManagedEntity", "parent", { step("Folder", "childEntity") })
  up.skip = true
  return { filter({ ref }, paths, true, { up }) }
end

--- PropertyFilterSpecs for all datacenters, whatever folders they lie in.
---@param root userdata  the root folder
---@param paths string[]
---@return table[]
function inventory.datacenters(root, paths)
  return { filter({ root }, { Datacenter = paths }, false, { repeated("folders", "Folder", "childEntity") }) }
end

--- A PropertyFilterSpec for objects and all that they lie in, up to the root folder.
---@param refs userdata[]
---@return table
function inventory.upwards(refs)
  local up = repeated("up", "ManagedEntity", "parent", { name = "vApp" })
  local v_app = step("VirtualMachine", "parentVApp", { { name = "up" } })
  v_app.name = "vApp"
  return filter(refs, { ManagedEntity = { "name", "parent" }, VirtualMachine = { "parentVApp" } }, false, { up, v_app })
end

--- The paths of objects in the inventory, in one request: "/DC0/vm/web-01". None for those that are not in it.
---@param connection perilune.vim.Connection
---@param refs userdata[]
---@return table<userdata, string>
function inventory.paths(connection, refs)
  local rows, paths = {}, {}
  local specs = { inventory.upwards(refs) }
  for _, row in ipairs(#refs > 0 and collector.retrieve(connection, { spec_set = specs }) or {}) do
    rows[row.ref] = row
  end
  for _, ref in ipairs(refs) do
    local parts, at = {}, rows[ref]
    while at and (at.parent or at.parentVApp) do
      table.insert(parts, 1, names.unescape(at.name or "?"))
      at = rows[at.parent or at.parentVApp]
    end
    paths[ref] = rows[ref] and names.join(parts)
  end
  return paths
end

--- Reads properties of all objects of some types; other types are only passed through. One request, more
--- only where the server pages.
---@param connection perilune.vim.Connection
---@param paths table<string, string[]>  managed type → property paths
---@param root userdata?  the root folder if absent
---@return perilune.vim.Row[]
function inventory.read(connection, paths, root)
  local specs = { inventory.filter(root or connection.content.rootFolder, paths) }
  return collector.retrieve(connection, { spec_set = specs })
end

--- The managed type of an object.
---@param ref userdata
---@return string
function inventory.type_of(ref)
  return handle.type(ref)
end

return inventory
