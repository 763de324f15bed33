--- A category of tags, with tags of its own.
local schema = require "perilune.schema"
local step = require "perilune.kind.step"

--- What a playbook calls the types a tag may be put on, in the words of the tagging service
--- (CategoryModel.associable_types in the REST reference).
local TYPES = {
  cluster = { "ClusterComputeResource" },
  datacenter = { "Datacenter" },
  datastore = { "Datastore" },
  dvs = { "DistributedVirtualSwitch", "VmwareDistributedVirtualSwitch" },
  folder = { "Folder" },
  host = { "HostSystem" },
  network = { "Network", "DistributedVirtualPortgroup", "OpaqueNetwork" },
  resource_pool = { "ResourcePool" },
  vapp = { "VirtualApp" },
  vm = { "VirtualMachine" },
}

local TYPE_NAMES = {}
for name in pairs(TYPES) do
  TYPE_NAMES[#TYPE_NAMES + 1] = name
end
table.sort(TYPE_NAMES)

local tag_category = {
  name = "tag_category",
  doc = "A category of tags, and the tags in it.",
  fields = schema.record {
    cardinality = schema.enum { "single", "multiple" }:default("multiple")
      :doc "how many tags of it one object may have",
    types = schema.list(schema.enum(TYPE_NAMES)):default {}
      :doc "what its tags may be put on; none: anything. Can only grow",
    description = schema.string():default "":doc "a sentence for people",
    tags = schema.list(schema.string()):default {}:doc "names of tags in it; others in it stay as they are",
  },
  types = {},
  attributes = {},
}

function tag_category.identify()
  return nil
end

function tag_category.needs(node, reads)
  reads:category(node.name)
  if reads.destroy then reads:tag_users(node.name) end
end

function tag_category.actual(node, facts)
  return facts:category(node.name)
end

function tag_category.exists(node)
  return node.actual ~= nil
end

local function associable(types)
  local list = {}
  for _, name in ipairs(types) do
    table.move(TYPES[name], 1, #TYPES[name], #list + 1, list)
  end
  return list
end

local function missing_from(present, wanted)
  local has, missing = {}, {}
  for _, name in ipairs(present) do
    has[name] = true
  end
  for _, name in ipairs(wanted) do
    if not has[name] then missing[#missing + 1] = name end
  end
  return missing
end

local function missing_tags(node)
  local present = {}
  for name in pairs(node.actual and node.actual.tags or {}) do
    present[#present + 1] = name
  end
  return missing_from(present, node.fields.tags)
end

local function missing_types(node)
  local present = node.actual.associable_types
  if #present == 0 then return {} end -- it takes everything already
  return missing_from(present, associable(node.fields.types))
end

function tag_category.describe(node, changes)
  local fields = node.fields
  changes:field { path = "cardinality", new = fields.cardinality }
  if #fields.types > 0 then changes:field { path = "types", new = table.concat(fields.types, ", ") } end
  if #fields.tags > 0 then changes:field { path = "tags", added = fields.tags } end
end

function tag_category.diff(node, changes)
  local actual, fields = node.actual, node.fields
  if node.given.cardinality and actual.cardinality:lower() ~= fields.cardinality then
    changes:field { path = "cardinality", old = actual.cardinality:lower(), new = fields.cardinality }
  end
  if node.given.description and actual.description ~= fields.description then
    changes:field { path = "description", old = actual.description, new = fields.description }
  end
  local types = node.given.types and missing_types(node) or {}
  if #types > 0 then changes:field { path = "types", added = types } end
  local tags = missing_tags(node)
  if #tags > 0 then changes:field { path = "tags", added = tags } end
end

local function create_call(node)
  return {
    service = "tags",
    method = "create_category",
    makes = node.id,
    args = {
      name = node.name,
      description = node.fields.description,
      cardinality = node.fields.cardinality:upper(),
      associable_types = associable(node.fields.types),
    },
  }
end

--- Types can only be added, so those that are there go along.
local function update_call(node)
  local types = missing_types(node)
  table.move(node.actual.associable_types, 1, #node.actual.associable_types, #types + 1, types)
  local call = { service = "tags", method = "update_category", args = { id = node.actual.id } }
  if node.given.cardinality then call.args.cardinality = node.fields.cardinality:upper() end
  if node.given.description then call.args.description = node.fields.description end
  if node.given.types and #node.actual.associable_types > 0 then call.args.associable_types = types end
  return call
end

local function tag_calls(node)
  local calls = {}
  for i, name in ipairs(missing_tags(node)) do
    calls[i] = {
      service = "tags",
      method = "create_tag",
      makes = step.tag_symbol(node.name, name).symbol,
      args = {
        name = name,
        description = "",
        category_id = node.actual and node.actual.id or step.symbol(node.id),
      },
    }
  end
  return calls
end

local function has_field_besides_tags(change)
  for _, field in ipairs(change.fields) do
    if field.path ~= "tags" then return true end
  end
  return false
end

function tag_category.steps(node, change, steps)
  if not node.actual then
    steps:add { title = "create", calls = { create_call(node) } }
  elseif has_field_besides_tags(change) then
    steps:add { title = "update", calls = { update_call(node) } }
  end
  local tags = tag_calls(node)
  if #tags > 0 then steps:add { title = "add tags", calls = tags } end
end

--- Objects that stay and carry one of its tags, and tags that nobody declared, keep it.
function tag_category.holds(node, context)
  local others = {}
  for _, name in ipairs(missing_from(node.fields.tags, context.sorted_keys(node.actual.tags))) do
    local label = ('tag "%s:%s"'):format(node.name, name)
    if not context.removes_tag(node.name, name) then others[#others + 1] = label end
  end
  for _, label in ipairs(context.tag_users(node.name)) do
    others[#others + 1] = label
  end
  return others
end

--- Deleting a category deletes the tags in it.
function tag_category.remove(node, _, steps)
  steps:add {
    title = "delete",
    removes = true,
    calls = { { service = "tags", method = "delete_category", args = { id = node.actual.id } } },
  }
end

return tag_category
