--- A folder of the inventory. Its name in the playbook is a label; its path is the whole path.
local names = require "perilune.util.names"
local schema = require "perilune.schema"
local step = require "perilune.kind.step"

--- Folders of a datacenter have their types above them: /DC/vm/… holds VMs.
local ROOTS = { vm = true, host = true, datastore = true, network = true }

local function parent_path(path)
  local parts = names.split(path)
  parts[#parts] = nil
  return names.join(parts)
end

local function last_name(path)
  local parts = names.split(path)
  return parts[#parts]
end

local function path_problem(path)
  local parts = names.split(path)
  if path:sub(1, 1) ~= "/" then return 'is no whole path; write it as "/DC0/vm/web"' end
  if #parts < 3 or not ROOTS[parts[2]] then
    return 'must lie below the vm, host, datastore or network folder of a datacenter, as "/DC0/vm/web"'
  end
end

local folder = {
  name = "folder",
  doc = "A folder of the inventory; parents that are missing are made too.",
  fields = schema.record {
    path = schema.string():required():check(path_problem):example "/DC0/vm/web"
      :doc "whole inventory path; the parents that are missing are planned too",
  },
  types = { "Folder" },
  attributes = {},
}

--- A folder may also be named by its path.
function folder.alias(fields)
  return fields.path
end

function folder.place(node)
  return "at " .. node.fields.path
end

function folder.identify(node, estate)
  local entry = estate:at(node.fields.path)
  if entry and entry.type ~= "Folder" then
    return nil, ("%s is a %s, not a folder"):format(entry.path, entry.type)
  end
  return entry
end

--- The parents that are missing, outermost first; up to the datacenter's own folder, which must exist.
function folder.expand(node, estate)
  local missing = {}
  local path = parent_path(node.fields.path)
  while #names.split(path) > 2 and not estate:at(path) do
    local fields, given = { path = path }, { path = true }
    table.insert(missing, 1, { kind = folder, name = path, fields = fields, given = given })
    path = parent_path(path)
  end
  if not estate:at(path) then return missing, ("%s does not exist"):format(path) end
  return missing
end

--- A folder comes after its parent, whether declared or planned with it.
function folder.implied(node, context)
  local parent = context.folder_at(parent_path(node.fields.path))
  return { parent }
end

function folder.actual()
  return {}
end

function folder.diff()
end

function folder.steps(node, _, steps, context)
  if node.entry then return end
  local parent = parent_path(node.fields.path)
  local above = context.folder_at(parent)
  steps:add {
    title = "create",
    calls = {
      {
        object = above and step.object(above) or context.estate:at(parent).ref,
        method = "CreateFolder",
        args = { name = last_name(node.fields.path) },
        makes = node.id,
      },
    },
  }
end

--- What lies in it and is not destroyed by the same plan keeps it.
function folder.holds(node, context)
  local others = {}
  for _, child in ipairs(context.estate:children(node.entry)) do
    if not context.is_removed(child) then others[#others + 1] = context.label(child) end
  end
  return others
end

function folder.remove(node, _, steps)
  steps:add {
    title = "destroy",
    removes = true,
    calls = { { object = node.entry.ref, method = "Destroy_Task", args = {} } },
  }
end

return folder
