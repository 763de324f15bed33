--- Custom attributes: values that people hang on objects, under names that the vCenter knows.
---
---     vc.custom_attributes:set(vm, "owner", "web team")
---     for vm, values in pairs(vc.custom_attributes:read(vms)) do print(vm, values.owner) end
local err = require "perilune.err"
local handle = require "perilune.c.object"

local attributes = {}

---@class perilune.vim.CustomAttribute
---@field key integer  from 0
---@field name string
---@field type string?  of objects that have it; nil: all
---@field value_type string  "string"

local function manager(connection)
  local found = connection.content.customFieldsManager
  if not found then
    err.raise {
      code = "vim.not_found",
      message = ("%s has no custom attributes"):format(connection.name),
      hint = "an ESXi host has none: connect to its vCenter",
    }
  end
  return found
end

local function attribute_of(def)
  local of = def.managedObjectType
  return { key = def.key, name = def.name, type = of ~= "" and of or nil, value_type = def.type or "string" }
end

--- All that are defined.
---@param connection perilune.vim.Connection
---@return perilune.vim.CustomAttribute[]  by name
function attributes.list(connection)
  local list = {}
  for i, def in ipairs(manager(connection):get "field" or {}) do
    list[i] = attribute_of(def)
  end
  table.sort(list, function(a, b) return a.name < b.name or a.name == b.name and a.key < b.key end)
  return list
end

--- The attribute of a name, or of a key; of those that an object may have, if there is one: two types of objects may
--- have attributes of one name.
local function find(connection, what, ref)
  if math.type(what) == "integer" then
    return what
  end
  local names = {}
  for _, attribute in ipairs(attributes.list(connection)) do
    local fits = not ref or not attribute.type or attribute.type == handle.type(ref)
    if attribute.name == what and fits then
      return attribute.key
    end
    names[#names + 1] = attribute.name
  end
  err.raise {
    code = "vim.not_found",
    message = ("there is no custom attribute %s"):format(tostring(what)),
    hint = err.suggest(tostring(what), names),
  }
end

--- Defines one.
---@param connection perilune.vim.Connection
---@param options { name: string, type: string? }  type: of the objects that shall have it; without, all
---@return perilune.vim.CustomAttribute
function attributes.add(connection, options)
  return attribute_of(manager(connection):AddCustomFieldDef { name = options.name, moType = options.type })
end

--- Gives one another name.
---@param connection perilune.vim.Connection
---@param what string|integer  its name or key
---@param name string
function attributes.rename(connection, what, name)
  manager(connection):RenameCustomFieldDef { key = find(connection, what), name = name }
end

--- Removes one, with its values of all objects.
---@param connection perilune.vim.Connection
---@param what string|integer
function attributes.remove(connection, what)
  manager(connection):RemoveCustomFieldDef { key = find(connection, what) }
end

--- Sets an object's value; "" removes it.
---@param connection perilune.vim.Connection
---@param ref userdata
---@param what string|integer
---@param value string
function attributes.set(connection, ref, what, value)
  manager(connection):SetField { entity = ref, key = find(connection, what, ref), value = value }
end

local function spec_of(refs)
  local objects = {}
  for i, ref in ipairs(refs) do
    objects[i] = { obj = ref, skip = false }
  end
  local props = { { type = "ManagedEntity", pathSet = { "customValue", "availableField" } } }
  return { { propSet = props, objectSet = objects } }
end

--- The names of the keys of an object: keys of two types may have one name.
local function names_of(row)
  local names = {}
  for _, def in ipairs(row.availableField or {}) do
    names[def.key] = def.name
  end
  return names
end

--- The values of objects, however many, in one request.
---@param connection perilune.vim.Connection
---@param refs userdata[]
---@return table<userdata, table<string, string>>  name → value, for each of the objects
function attributes.read(connection, refs)
  local values = {}
  if #refs == 0 then
    return values
  end
  for _, row in ipairs(connection:retrieve { spec_set = spec_of(refs) }) do
    local names, own = names_of(row), {}
    for _, entry in ipairs(row.customValue or {}) do
      if entry.value ~= "" then
        own[names[entry.key] or tostring(entry.key)] = entry.value
      end
    end
    values[row.ref] = own
  end
  return values
end

return attributes
