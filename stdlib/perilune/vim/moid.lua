--- Which type an object has, told from its id: "vm-42" is a VirtualMachine.
---
--- The ids of a vCenter begin with a word for the type. A host of its own has words of its own, and plain numbers
--- for its virtual machines. Managers have no number; what they are is in the ServiceContent.
local err = require "perilune.err"
local handle = require "perilune.c.object"
local schema = require "perilune.c.schema"

local moid = {}

--- What ids begin with, a number following: the longest that fits counts.
local PREFIXES = {
  ["vm"] = "VirtualMachine",
  ["host"] = "HostSystem",
  ["domain-c"] = "ClusterComputeResource",
  ["domain-s"] = "ComputeResource",
  ["resgroup"] = "ResourcePool",
  ["resgroup-v"] = "VirtualApp",
  ["group"] = "Folder",
  ["group-d"] = "Folder",
  ["group-h"] = "Folder",
  ["group-n"] = "Folder",
  ["group-s"] = "Folder",
  ["group-v"] = "Folder",
  ["group-p"] = "StoragePod",
  ["datacenter"] = "Datacenter",
  ["datastore"] = "Datastore",
  ["network"] = "Network",
  ["network-o"] = "OpaqueNetwork",
  ["dvs"] = "VmwareDistributedVirtualSwitch",
  ["dvportgroup"] = "DistributedVirtualPortgroup",
  ["task"] = "Task",
  ["snapshot"] = "VirtualMachineSnapshot",
}

--- Ids of a host without a vCenter.
local HOST_IDS = {
  { "^ha%-host$", "HostSystem" },
  { "^ha%-datacenter$", "Datacenter" },
  { "^ha%-folder%-", "Folder" },
  { "^ha%-compute%-res$", "ComputeResource" },
  { "^ha%-root%-pool$", "ResourcePool" },
  { "^HaNetwork%-", "Network" },
  { "^haTask%-", "Task" },
  { "^%d+$", "VirtualMachine" },
  { "^%d+%-snapshot%-%d+$", "VirtualMachineSnapshot" },
}

local function of_vcenter(id)
  local prefix = id:match "^(%l+%-?%l*)%-?%d+$"
  return prefix and PREFIXES[prefix:gsub("%-$", "")]
end

local function of_host(id)
  for _, known in ipairs(HOST_IDS) do
    if id:find(known[1]) then
      return known[2]
    end
  end
end

--- The managers, the root folder and the like.
local function of_content(content, id)
  for _, value in pairs(content) do
    if handle.is(value) and handle.id(value) == id then
      return handle.type(value)
    end
  end
  return id == "ServiceInstance" and id or nil
end

--- The managed type of an id, or nil.
---@param content table  ServiceContent
---@param id string
---@return string?
function moid.type(content, id)
  local is_host = content.about and content.about.apiType == "HostAgent"
  return of_content(content, id) or is_host and of_host(id) or of_vcenter(id)
end

--- Refuses what is no managed type of the API.
---@param type_name string
function moid.check_type(type_name)
  if not schema.is_a(type_name, "ManagedObjectReference") then
    err.raise {
      code = "soap.type",
      message = ("the API has no managed type %q"):format(tostring(type_name)),
      hint = err.suggest(tostring(type_name), schema.names "managed"),
    }
  end
end

local function check_id(id)
  if type(id) ~= "string" or id == "" or id:find "%c" then
    err.raise {
      code = "argument",
      message = ("%q is no id of a managed object"):format(tostring(id)),
      hint = 'ids look like "vm-42"; objects by name come from find_one',
    }
  end
end

--- Type and id of what names an object: "vm-42", "VirtualMachine:vm-42", or type and id.
---@param content table  ServiceContent
---@param first string
---@param second string?
---@return string type_name
---@return string id
function moid.read(content, first, second)
  local type_name, id = first, second
  if second == nil then
    type_name, id = tostring(first):match "^(%u%w*):(.+)$"
    id = id or first
  end
  check_id(id)
  type_name = type_name or moid.type(content, id)
  if not type_name then
    err.raise {
      code = "argument",
      message = ("%q does not tell the type of its object"):format(id),
      hint = ('write vc:object("VirtualMachine", %q), with the type it has'):format(id),
    }
  end
  moid.check_type(type_name)
  return type_name, id
end

return moid
