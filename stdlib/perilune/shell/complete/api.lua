--- Shapes of the vSphere API: data objects, enumerations, managed objects with their methods, property paths.
local schema = require "perilune.c.schema"
local shape = require "perilune.shell.complete.shape"

local api = {}

local MANAGED = "ManagedObjectReference"

---@type table<string, table|false>
local described = setmetatable({}, {
  __index = function(all, name)
    all[name] = schema.type(name) or false
    return all[name]
  end,
})

local function type_text(field)
  return field.type .. (field.array and "[]" or "") .. (field.optional and "?" or "")
end

local function field_of(type_name, name)
  for _, field in ipairs(described[type_name] and described[type_name].fields or {}) do
    if field.name == name then return field end
  end
end

local function field_items(type_name, suffix)
  local items = {}
  for i, field in ipairs(described[type_name] and described[type_name].fields or {}) do
    items[i] = { text = field.name, note = type_text(field), suffix = suffix }
  end
  return items
end

-- Types by what they extend, made once.
local below

local function extending(name)
  if not below then
    below = {}
    for _, other in ipairs(schema.names "type") do
      local base = schema.base(other)
      if base then
        below[base] = below[base] or {}
        table.insert(below[base], other)
      end
    end
  end
  return below[name] or {}
end

local function add_extending(list, name)
  list[#list + 1] = { text = name }
  for _, other in ipairs(extending(name)) do add_extending(list, other) end
  return list
end

-- Data objects ---------------------------------------------------------------------------------------------

local Data = shape.class()

local function type_names(base)
  return shape.words(function() return add_extending({}, base) end, true)
end

function Data:member(key)
  if key == "_typeName" then return type_names(self.type) end
  if self.known and self.known[key] then return self.known[key] end
  local field = field_of(self.type, key)
  return field and api.of(field)
end

function Data:members()
  return field_items(self.type)
end

function Data:keys()
  local items = field_items(self.type, " = ")
  if #extending(self.type) > 0 then items[#items + 1] = { text = "_typeName", suffix = " = " } end
  return items
end

function Data:narrow(type_name)
  return schema.is_a(type_name, self.type) and api.data(type_name) or self
end

--- A data object.
---@param type_name string
---@param known table<string, perilune.shell.Shape>?  fields of which more is known than the schema says
---@return perilune.shell.Shape
function api.data(type_name, known)
  return setmetatable({ type = type_name, known = known }, Data)
end

local function enumeration(type_name)
  return shape.words(function()
    local items = {}
    for i, member in ipairs(described[type_name].members) do items[i] = { text = member } end
    return items
  end, true)
end

--- What a field, property, parameter or result holds; nil where that can be no more completed.
---@param field { type: string, array: boolean? }
---@return perilune.shell.Shape?
function api.of(field)
  local one, type_name = nil, field.type
  local description = described[type_name]
  if type_name == "boolean" then
    one = shape.boolean
  elseif type_name == MANAGED or description and description.kind == "managed" then
    one = api.object(type_name)
  elseif description and description.kind == "enum" then
    one = enumeration(type_name)
  elseif description then
    one = api.data(type_name)
  end
  return field.array and shape.list(one) or one
end

--- `vim`, the constructors of data objects by name.
local Constructors = shape.class()

local function constructor(type_name)
  local data = api.data(type_name)
  return shape.call({ data }, data)
end

function Constructors:member(key) -- luacheck: ignore 212
  local description = type(key) == "string" and described[key]
  return description and description.kind == "data" and constructor(key) or nil
end

local constructor_items

--- All types, or those that a place takes.
---@param wanted perilune.shell.Shape?
function Constructors:members(wanted) -- luacheck: ignore 212
  if wanted and getmetatable(wanted) == Data then return add_extending({}, wanted.type) end
  if not constructor_items then
    constructor_items = { { text = "unchecked" } }
    for _, name in ipairs(schema.names "type") do constructor_items[#constructor_items + 1] = { text = name } end
  end
  return constructor_items
end

api.constructors = setmetatable({}, Constructors)

-- Properties -----------------------------------------------------------------------------------------------

local Path = shape.class()

local function has_properties(type_name)
  return described[type_name] and described[type_name].kind == "managed"
end

--- The type in which a path's last name is looked for; the path up to it ends with a dot, or is empty.
local function type_at(type_name, stem)
  if stem == "" then return type_name end
  local found = schema.property(type_name, stem:sub(1, -2))
  local inner = found and described[found.type]
  return inner and inner.kind == "data" and found.type or nil
end

function Path:words(word)
  local stem = word:match "^.*%." or ""
  local type_name = type_at(self.type, stem)
  return type_name and field_items(type_name), #stem
end

--- A property path of a managed type.
---@param type_name string?
---@return perilune.shell.Shape?
function api.path(type_name)
  return type_name and has_properties(type_name) and setmetatable({ type = type_name }, Path) or nil
end

--- The value that a path leads to.
---@param type_name string
---@param path string
---@return perilune.shell.Shape?
function api.property(type_name, path)
  local found = has_properties(type_name) and schema.property(type_name, path)
  return found and api.of(found) or nil
end

--- Conditions: path → value.
local Conditions = shape.class()

function Conditions:keys()
  return field_items(self.type, " = ")
end

function Conditions:key_words(word)
  return Path.words(self, word)
end

function Conditions:member(key)
  return type(key) == "string" and api.property(self.type, key) or nil
end

---@param type_name string?
---@return perilune.shell.Shape?
function api.conditions(type_name)
  return type_name and has_properties(type_name) and setmetatable({ type = type_name }, Conditions) or nil
end

--- A row of properties by their paths, with the object as `ref`.
local Row = shape.class()

function Row:member(key)
  if key == "ref" then return api.object(self.type) end
  return type(key) == "string" and api.property(self.type, key) or nil
end

function Row:key_words(word)
  return Path.words(self, word)
end

function Row:members() -- luacheck: ignore 212
  return { { text = "ref", note = self.type }, { text = "name" }, { text = "missing" } }
end

---@param type_name string?
---@return perilune.shell.Shape?
function api.row(type_name)
  return type_name and has_properties(type_name) and setmetatable({ type = type_name }, Row) or nil
end

--- The name of a managed type.
api.managed_name = shape.words(function()
  local items = {}
  for i, name in ipairs(schema.names "managed") do items[i] = { text = name } end
  return items
end, true)

-- Managed objects ------------------------------------------------------------------------------------------

local task_info = {
  { "await", "{ timeout }? → TaskInfo" }, { "status" }, { "cancel" }, { "on_progress", "(fn)" },
  { "on_success", "(fn)" }, { "on_failure", "(fn)" },
}

local Task = shape.class()

function Task:methods() -- luacheck: ignore 212
  local items = {}
  for i, row in ipairs(task_info) do items[i] = { text = row[1], note = row[2], suffix = row[2] and "(" or "()" } end
  return items
end

function Task:members() -- luacheck: ignore 212
  return { { text = "ref", note = "Task" }, { text = "info", note = "TaskInfo" } }
end

function Task:member(key)
  if key == "ref" then return api.object "Task" end
  return key == "info" and api.data("TaskInfo", { result = self.result }) or nil
end

function Task:method(name)
  if name == "await" then
    return shape.call({ shape.record { { name = "timeout", note = "duration" } } }, self:member "info")
  end
end

--- A task of vSphere, and what its result is.
function api.task(result)
  return setmetatable({ result = result }, Task)
end

local function params_record(method)
  local fields = {}
  for i, param in ipairs(method.params) do
    fields[i] = { name = param.name, note = type_text(param), shape = function() return api.of(param) end }
  end
  return shape.record(fields)
end

local function result_of(method)
  if method.is_task then return api.task(method.task_result and api.of(method.task_result)) end
  return method.result and api.of(method.result)
end

local function signature(method)
  local names = {}
  for i, param in ipairs(method.params) do names[i] = param.name .. (param.optional and "?" or "") end
  local text = #names > 0 and ("{ %s }"):format(table.concat(names, ", ")) or "()"
  if method.result then text = ("%s → %s"):format(text, type_text(method.result)) end
  return text
end

local function method_suffix(method)
  if #method.params == 0 then return "()" end
  for _, param in ipairs(method.params) do
    if not param.optional then return "{ " end
  end
end

local Object = shape.class()

---@type table<string, perilune.shell.Item[]>
local method_lists = setmetatable({}, {
  __index = function(all, type_name)
    local items = { { text = "get", note = "(property, …)", suffix = "(" } }
    for _, name in ipairs(schema.methods(type_name)) do
      local method = schema.method(type_name, name)
      items[#items + 1] = { text = name, note = signature(method), suffix = method_suffix(method) }
    end
    all[type_name] = items
    return items
  end,
})

function Object:methods()
  return described[self.type] and method_lists[self.type] or {}
end

function Object:method(name)
  if name == "get" then
    return shape.call({ api.path(self.type) }, function(given)
      return given[1] and api.property(self.type, given[1]) or nil
    end, true)
  end
  local method = has_properties(self.type) and schema.method(self.type, name)
  return method and shape.call({ params_record(method) }, result_of(method)) or nil
end

--- A managed object.
---@param type_name string
---@return perilune.shell.Shape
function api.object(type_name)
  return setmetatable({ type = type_name }, Object)
end

return api
