--- Tag categories, tags, and which objects have them, read and written in batches.
---
--- Ids are those of the service ("urn:vmomi:InventoryServiceTag:…"). What has no list call (the details of
--- each category and tag) is read for several at once.
local err = require "perilune.err"
local handle = require "perilune.c.object"
local json = require "perilune.c.json"
local rest = require "perilune.vim.rest"
local scope = require "perilune.util.scope"

local BATCH = 2000   -- objects or tags in one call; the service refuses more
local AT_ONCE = 8    -- details read at the same time

local tags = {}

---@class perilune.vim.TagCategory
---@field id string
---@field name string
---@field description string
---@field cardinality "SINGLE"|"MULTIPLE"
---@field associable_types string[]  empty: all

---@class perilune.vim.Tag
---@field id string
---@field name string
---@field description string
---@field category_id string

local function get(connection, kind, id)
  return rest.call(connection, { verb = "GET", service = "cis/tagging/" .. kind, id = id })
end

local function ask(connection, action, body)
  local call = { verb = "POST", service = "cis/tagging/tag-association", action = action, body = body, is_read = true }
  return rest.call(connection, call)
end

local function create(connection, kind, spec)
  return rest.call(connection, { verb = "POST", service = "cis/tagging/" .. kind, body = spec, wrap = "create_spec" })
end

local function update(connection, kind, id, spec)
  local call = { verb = "PATCH", service = "cis/tagging/" .. kind, id = id, body = spec, wrap = "update_spec" }
  rest.call(connection, call)
end

local function delete(connection, kind, id)
  rest.call(connection, { verb = "DELETE", service = "cis/tagging/" .. kind, id = id })
end

--- Attaches or detaches; the id is that of a tag, where the call is about one.
local function associate(connection, action, id, body)
  local service = "cis/tagging/tag-association"
  return rest.call(connection, { verb = "POST", service = service, id = id, action = action, body = body })
end

local function list(value)
  return value == json.null and {} or value or {}
end

local function batches(items)
  local parts = {}
  for first = 1, #items, BATCH do
    parts[#parts + 1] = table.move(items, first, math.min(first + BATCH - 1, #items), 1, {})
  end
  return parts
end

local function object_id(ref)
  return { type = handle.type(ref), id = handle.id(ref) }
end

local function object_ids(refs)
  local ids = {}
  for i, ref in ipairs(refs) do
    ids[i] = object_id(ref)
  end
  return json.array(ids)
end

local function array(items)
  return json.array(table.move(items, 1, #items, 1, {}))
end

-- Reading -------------------------------------------------------------------------------------------------

--- The details of each id; nil for one that was deleted meanwhile.
local function details(connection, kind, ids)
  local found = scope.parallel(AT_ONCE, ids, function(id)
    local ok, value = pcall(get, connection, kind, id)
    if ok then
      return value
    elseif not (err.is(value) and value.kind == "not_found") then
      error(value, 0)
    end
  end)
  local kept = {}
  for i = 1, #ids do
    kept[#kept + 1] = found[i]
  end
  return kept
end

---@param connection perilune.vim.Connection
---@return perilune.vim.TagCategory[]
function tags.categories(connection)
  local found = details(connection, "category", list(get(connection, "category")))
  for _, category in ipairs(found) do
    category.associable_types = list(category.associable_types)
  end
  return found
end

---@param connection perilune.vim.Connection
---@param category_id string
---@return perilune.vim.Tag[]
function tags.of_category(connection, category_id)
  local ids = rest.call(connection, {
    verb = "POST",
    service = "cis/tagging/tag",
    id = category_id,
    id_field = "category_id",
    action = "list-tags-for-category",
    is_read = true,
  })
  return details(connection, "tag", list(ids))
end

--- Which tags objects have: one call for two thousand objects.
---@param connection perilune.vim.Connection
---@param refs userdata[]
---@return table<userdata, string[]>  a list for each of the objects
function tags.attached(connection, refs)
  local by_object = {}
  for _, ref in ipairs(refs) do
    by_object[ref] = {}
  end
  for _, part in ipairs(batches(refs)) do
    local action = "list-attached-tags-on-objects"
    for _, entry in ipairs(list(ask(connection, action, { object_ids = object_ids(part) }))) do
      by_object[connection:object(entry.object_id.type, entry.object_id.id)] = list(entry.tag_ids)
    end
  end
  return by_object
end

--- Which objects have each tag, as the service lists them.
local function listed_users(connection, tag_ids)
  local by_tag = {}
  for _, part in ipairs(batches(tag_ids)) do
    local action = "list-attached-objects-on-tags"
    for _, entry in ipairs(list(ask(connection, action, { tag_ids = array(part) }))) do
      local refs = {}
      for i, id in ipairs(list(entry.object_ids)) do
        refs[i] = connection:object(id.type, id.id)
      end
      by_tag[entry.tag_id] = refs
    end
  end
  return by_tag
end

local function all_of(by_tag)
  local refs, seen = {}, {}
  for _, users in pairs(by_tag) do
    for _, ref in ipairs(users) do
      if not seen[ref] then
        seen[ref] = true
        refs[#refs + 1] = ref
      end
    end
  end
  return refs
end

local function has(items, item)
  for _, candidate in ipairs(items) do
    if candidate == item then
      return true
    end
  end
  return false
end

--- Which objects have each tag. The list by tag may lag behind a detachment, so each object it names is
--- asked as well.
---@param connection perilune.vim.Connection
---@param tag_ids string[]
---@return table<string, userdata[]>  a list for each of the tags
function tags.users(connection, tag_ids)
  local listed = listed_users(connection, tag_ids)
  local attached = tags.attached(connection, all_of(listed))
  local users = {}
  for _, id in ipairs(tag_ids) do
    users[id] = {}
    for _, ref in ipairs(listed[id] or {}) do
      if has(attached[ref], id) then
        table.insert(users[id], ref)
      end
    end
  end
  return users
end

-- Writing -------------------------------------------------------------------------------------------------

---@param connection perilune.vim.Connection
---@param category table  name, cardinality; description and associable_types may be absent
---@return string id
function tags.create_category(connection, category)
  return create(connection, "category", {
    name = category.name,
    description = category.description or "",
    cardinality = category.cardinality,
    associable_types = array(category.associable_types or {}),
  })
end

--- Changes what is given; associable types can only be added to.
---@param connection perilune.vim.Connection
---@param category table  id and the fields to change
function tags.update_category(connection, category)
  update(connection, "category", category.id, {
    name = category.name,
    description = category.description,
    cardinality = category.cardinality,
    associable_types = category.associable_types and array(category.associable_types) or nil,
  })
end

---@param connection perilune.vim.Connection
---@param id string
function tags.delete_category(connection, id)
  delete(connection, "category", id)
end

---@param connection perilune.vim.Connection
---@param tag { name: string, description: string?, category_id: string }
---@return string id
function tags.create_tag(connection, tag)
  local spec = { name = tag.name, description = tag.description or "", category_id = tag.category_id }
  return create(connection, "tag", spec)
end

--- Changes what is given.
---@param connection perilune.vim.Connection
---@param tag table  id and the fields to change
function tags.update_tag(connection, tag)
  update(connection, "tag", tag.id, { name = tag.name, description = tag.description })
end

---@param connection perilune.vim.Connection
---@param id string
function tags.delete_tag(connection, id)
  delete(connection, "tag", id)
end

--- The service answers a failure of these with status 200 and success = false.
local function check_success(result, action, ref)
  if type(result) ~= "table" or result.success then
    return
  end
  local messages = {}
  for i, message in ipairs(list(result.error_messages)) do
    messages[i] = message.default_message or message.id
  end
  err.raise {
    code = "vim.rest",
    message = ("the tags could not be %s %s"):format(action, tostring(ref)),
    server = #messages > 0 and table.concat(messages, " ") or nil,
  }
end

---@param connection perilune.vim.Connection
---@param ref userdata
---@param tag_ids string[]
function tags.attach(connection, ref, tag_ids)
  local body = { object_id = object_id(ref), tag_ids = array(tag_ids) }
  local result = associate(connection, "attach-multiple-tags-to-object", nil, body)
  check_success(result, "attached to", ref)
end

---@param connection perilune.vim.Connection
---@param ref userdata
---@param tag_ids string[]
function tags.detach(connection, ref, tag_ids)
  local body = { object_id = object_id(ref), tag_ids = array(tag_ids) }
  local result = associate(connection, "detach-multiple-tags-from-object", nil, body)
  check_success(result, "detached from", ref)
end

--- Attaches one tag to many objects: one call for two thousand.
---@param connection perilune.vim.Connection
---@param tag_id string
---@param refs userdata[]
function tags.attach_many(connection, tag_id, refs)
  for _, part in ipairs(batches(refs)) do
    local body = { object_ids = object_ids(part) }
    local result = associate(connection, "attach-tag-to-multiple-objects", tag_id, body)
    check_success(result, "attached to", ("%d objects"):format(#part))
  end
end

return tags
