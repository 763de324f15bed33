--- Shapes of a connection: its functions with their options, and what they give.
local api = require "perilune.shell.complete.api"
local kind = require "perilune.shell.complete.kind"
local kinds = require "perilune.kind"
local shape = require "perilune.shell.complete.shape"

local options = {}

local function type_of(given)
  return given.type or nil
end

local function path_list(given)
  return shape.list(api.path(type_of(given)))
end

local function conditions(given)
  return api.conditions(type_of(given))
end

--- Names of live objects of a managed type, where a kind has it.
local function names(given)
  for name, one in pairs(kinds) do
    if one.types[1] and one.types[1] == given.type then return kind.names { name } end
  end
end

local TYPE = { name = "type", note = "a managed type", shape = api.managed_name }
local PROPS = { name = "props", note = "property paths", shape = path_list }
local WHERE = { name = "where", note = "path → value or glob", shape = conditions }
local OBJECTS = { name = "objects", note = "instead of all" }
local ROOT = { name = "root", note = "only below this object" }
local PAGE = { name = "page", note = "rows at once" }

local ROWS = shape.record {
  TYPE, PROPS, WHERE, OBJECTS, ROOT, PAGE, { name = "unchecked", note = "boolean", shape = shape.boolean },
}
local SEARCH = shape.record {
  TYPE, { name = "name", note = "may have wildcards", shape = names }, { name = "path", note = "in the inventory" },
  WHERE, ROOT,
}
local WATCH = shape.record {
  TYPE, PROPS, ROOT, OBJECTS, { name = "initial", note = "boolean", shape = shape.boolean },
  { name = "on_change", note = "function" },
}
local GET_MANY = shape.record { OBJECTS, PROPS, PAGE }

local function row_list(given)
  return shape.list(api.row(type_of(given)))
end

local function object_of(given)
  local type_name = type_of(given)
  return type_name and api.object(type_name) or nil
end

local CHANGE_KINDS = shape.words({ { text = "enter" }, { text = "modify" }, { text = "leave" } }, true)

local function changes(given)
  local row = api.row(type_of(given))
  return shape.list(shape.record {
    { name = "object", shape = object_of(given) }, { name = "kind", shape = CHANGE_KINDS }, { name = "changes" },
    { name = "old", shape = row }, { name = "new", shape = row },
  })
end

local NAME_OR_TYPE = {
  argument = { api.managed_name },
  result = function(given) return given[1] and api.object(given[1]) or nil end,
}

--- The functions of a connection that people call: name, what it takes, its shape.
local FUNCTIONS = {
  { "close", "()" },
  { "current_time", "() → time" },
  { "datastore", "(name)", shape.call { kind.names { "datastore" } } },
  { "events", "{ … }" },
  { "export", "{ … }" },
  { "find", "(path) or { type, name, … } → list",
    shape.call({ SEARCH }, function(given) return shape.list(object_of(given)) end) },
  { "find_one", "(path) or { type, name, … }", shape.call({ SEARCH }, object_of) },
  { "get", "(path, property, …)" },
  { "get_many", "{ objects, props }", shape.call({ GET_MANY }, row_list) },
  { "import", "{ … }" },
  { "mob", "(url) → object" },
  { "object", "(type, id) → object", shape.call(NAME_OR_TYPE.argument, NAME_OR_TYPE.result) },
  { "operation", "() → id" },
  { "path", "(object) → path" },
  { "read_inventory", "{ type → paths }" },
  { "retrieve", "{ spec_set }" },
  { "retrieve_each", "{ spec_set }" },
  { "rows", "{ type, props, where }", shape.call({ ROWS }, row_list) },
  { "service", "(name)" },
  { "stats", "() → counts" },
  { "task", "(id) → task", shape.call({}, function() return api.task() end) },
  { "watch", "{ type, props }", shape.call({ WATCH }, changes) },
  { "with_operation", "(id, fn)" },
}

local FIELDS = {
  "about", "api_version", "content", "custom_attributes", "host", "libraries", "name", "session_key", "tags",
  "target", "user",
}

local Connection = shape.class()

function Connection:methods() -- luacheck: ignore 212
  local items = {}
  for i, row in ipairs(FUNCTIONS) do
    local takes = row[2]
    local suffix = takes:find "^{" and "{ " or takes:find "^%(%)" and "()" or takes:find " or " and "" or "("
    items[i] = { text = row[1], note = takes, suffix = suffix }
  end
  return items
end

function Connection:method(name) -- luacheck: ignore 212
  for _, row in ipairs(FUNCTIONS) do
    if row[1] == name then return row[3] end
  end
end

function Connection:members() -- luacheck: ignore 212
  local items = {}
  for i, name in ipairs(FIELDS) do items[i] = { text = name } end
  return items
end

--- Groups of functions: `vc.tags:attach(…)`.
local GROUPS = {
  custom_attributes = "perilune.vim.attributes",
  libraries = "perilune.vim.libraries",
  tags = "perilune.vim.tags",
}

local Group = shape.class()

function Group:methods()
  local items = {}
  for name, fn in next, (require(self.module)) do
    if type(fn) == "function" then items[#items + 1] = { text = name, suffix = "(" } end
  end
  table.sort(items, function(a, b) return a.text < b.text end)
  return items
end

function Connection:member(key) -- luacheck: ignore 212
  if key == "content" then return api.data "ServiceContent" end
  if key == "about" then return api.data "AboutInfo" end
  return GROUPS[key] and setmetatable({ module = GROUPS[key] }, Group) or nil
end

--- A connection.
---@type perilune.shell.Shape
options.connection = setmetatable({}, Connection)

return options
