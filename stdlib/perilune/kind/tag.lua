--- A tag in a category, where it needs a description or a line of its own.
local schema = require "perilune.schema"
local step = require "perilune.kind.step"

local tag = {
  name = "tag",
  doc = "A tag in a category; tag_category { tags = … } is the short way to make several.",
  fields = schema.record {
    category = schema.string():required():doc "name of the category it belongs to",
    description = schema.string():default "":doc "a sentence for people",
  },
  types = {},
  attributes = {},
}

--- One name may be a tag of several categories.
function tag.scope(fields)
  return fields.category
end

function tag.identify()
  return nil
end

function tag.place(node)
  return "in " .. node.fields.category
end

function tag.implied(node, context)
  return { context.declared("tag_category", node.fields.category) }
end

function tag.needs(node, reads)
  reads:category(node.fields.category)
  if reads.destroy then reads:tag_users(node.fields.category) end
end

--- Present state. A second result says that the category neither exists nor is declared.
function tag.actual(node, facts, context)
  local category = facts:category(node.fields.category)
  if not category and not context.declared("tag_category", node.fields.category) then
    return nil, ("there is no tag category %q, and this playbook declares none"):format(node.fields.category)
  end
  return category and category.tags[node.name]
end

function tag.exists(node)
  return node.actual ~= nil
end

function tag.describe(node, changes)
  local description = node.fields.description
  if description ~= "" then changes:field { path = "description", new = description } end
end

function tag.diff(node, changes)
  if node.given.description and node.actual.description ~= node.fields.description then
    changes:field { path = "description", old = node.actual.description, new = node.fields.description }
  end
end

function tag.steps(node, _, steps, context)
  local args = { name = node.name, description = node.fields.description }
  if node.actual then
    args.id = node.actual.id
    steps:add { title = "update", calls = { { service = "tags", method = "update_tag", args = args } } }
    return
  end
  args.category_id = context.category_id(node.fields.category)
  local makes = step.tag_symbol(node.fields.category, node.name).symbol
  local call = { service = "tags", method = "create_tag", makes = makes, args = args }
  steps:add { title = "create", calls = { call } }
end

function tag.holds(node, context)
  return context.tag_users(node.fields.category, node.name)
end

function tag.remove(node, _, steps)
  steps:add {
    title = "delete",
    removes = true,
    calls = { { service = "tags", method = "delete_tag", args = { id = node.actual.id } } },
  }
end

return tag
