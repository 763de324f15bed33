--- Tags by the names of a playbook: "tier:web" is the tag web of the category tier.
local err = require "perilune.err"
local step = require "perilune.kind.step"

local tagging = {}

local function parts(name)
  return name:match "^([^:]+):(.+)$"
end

local function list_has(list, name)
  for _, item in ipairs(list) do
    if item == name then return true end
  end
  return false
end

--- Whether the playbook makes the tag, in a category's list or by itself.
local function is_declared(context, category, name)
  local declared = context.declared("tag_category", category)
  return declared and list_has(declared.fields.tags, name) or context.declared("tag", name, category) ~= nil
end

local function live(context, category, name)
  local found = context.facts:category(category)
  return found and found.tags[name]
end

local function known_names(context, category)
  local names = {}
  local found, declared = context.facts:category(category), context.declared("tag_category", category)
  for name in pairs(found and found.tags or {}) do
    names[#names + 1] = name
  end
  for _, name in ipairs(declared and declared.fields.tags or {}) do
    names[#names + 1] = name
  end
  return names
end

--- What is wrong with a VM's tags: one that neither exists nor is made by the playbook.
---@param names string[]  category:tag
---@return string?
function tagging.problem(context, names)
  for i, full in ipairs(names) do
    local category, name = parts(full)
    if not live(context, category, name) and not is_declared(context, category, name) then
      local near = err.nearest(name, known_names(context, category))
      return ("tags[%d]: there is no tag %q, and this playbook makes none%s"):format(
        i, full, near and ("; did you mean %q?"):format(category .. ":" .. near) or "")
    end
  end
end

--- The ids of tags; symbols for those that a step makes.
function tagging.ids(context, names)
  local ids = {}
  for i, full in ipairs(names) do
    local category, name = parts(full)
    local tag = live(context, category, name)
    ids[i] = tag and tag.id or step.tag_symbol(category, name)
  end
  return ids
end

local function is_single(context, category)
  local declared, found = context.declared("tag_category", category), context.facts:category(category)
  if declared and (declared.given.cardinality or not found) then
    return declared.fields.cardinality == "single"
  end
  return found ~= nil and found.cardinality == "SINGLE"
end

local function others_of(context, category, wanted, present)
  local others = {}
  for name, tag in pairs(context.facts:category(category).tags) do
    if name ~= wanted and present[tag.id] then others[#others + 1] = category .. ":" .. name end
  end
  table.sort(others)
  return others
end

--- What to attach to an object, and what to detach because its category allows one tag only.
---@param names string[]    wanted, category:tag
---@param attached string[] ids of the tags it has
---@return string[] added, string[] removed
function tagging.changes(context, names, attached)
  local present, added, removed = {}, {}, {}
  for _, id in ipairs(attached) do
    present[id] = true
  end
  for _, full in ipairs(names) do
    local category, name = parts(full)
    local tag = live(context, category, name)
    if not tag or not present[tag.id] then
      added[#added + 1] = full
      local others = tag and is_single(context, category) and others_of(context, category, name, present) or {}
      table.move(others, 1, #others, #removed + 1, removed)
    end
  end
  return added, removed
end

--- Labels of the objects that stay and have a tag of a category, or one tag of it.
---@return string[]
function tagging.users(context, category, name)
  local labels = {}
  for tag_name, tag in pairs(context.facts:category(category).tags) do
    for _, ref in ipairs((not name or tag_name == name) and context.facts:users(tag.id) or {}) do
      local entry = context.estate:entry(ref)
      if entry and not context.is_removed(entry) then
        labels[#labels + 1] = ("%s with %s:%s"):format(context.label(entry), category, tag_name)
      end
    end
  end
  table.sort(labels)
  return labels
end

return tagging
