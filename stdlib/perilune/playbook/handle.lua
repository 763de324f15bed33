--- What the handles of a playbook do: `vm "web-01"` names, `{ … }` after it declares, `.attr` reads.
local deferred = require "perilune.schema.deferred"
local handle = require "perilune.schema.handle"
local resource = require "perilune.playbook.resource"
local units = require "perilune.util.units"
local values = require "perilune.playbook.deferred"

local handles = {}

--- A field that was not written, in words the playbook could have written itself.
local function default_of(type)
  local value = type.default_value
  if type.kind == "size" and value then return units.format_size(value) end
  return value
end

local function plain_copy(value)
  if type(value) ~= "table" or handle.is(value) or deferred.is(value) then return value end
  local fresh = {}
  for key, inner in pairs(value) do
    fresh[key] = plain_copy(inner)
  end
  return fresh
end

local function declared_field(reading, record, key)
  local found = values.resource_of(reading, record)
  local type = found and found.kind.fields.fields[key]
  if not type then return false end
  local written = reading.written[found][key]
  if written == nil then written = default_of(type) end
  return written ~= nil or not (record.kind.attributes or {})[key], plain_copy(written)
end

local function index(reading)
  return function(self, record, key)
    if key == "name" then return values.name_of(record) end
    local is_declared, value = declared_field(reading, record, key)
    if is_declared then return value end
    local kind = record.kind
    local has = kind.attributes and kind.attributes[key]
    if not has and not (kind.fields and kind.fields.fields[key]) then
      return values.no_attribute(reading, kind, handle.label(self), key)
    end
    has = has or {}
    return values.new(reading, { of = self, key = key, kind = has.kind, list = has.list })
  end
end

local function call(reading)
  return function(self, record, body)
    local function named(...)
      return handles.named(reading, ...)
    end
    resource.declare(reading, self, record, body, named)
    return self
  end
end

--- The place of a name, found in the text when it is wanted: most are never shown.
local function locator(reading, kind, name, where, find)
  return function()
    local place = find and find() or reading:at_call(where, kind.name, name)
    local text = reading.sources[place.file]
    return place, text and text:excerpt(place) or nil
  end
end

--- The one lookup of a kind and name in this playbook.
local function lookup_for(reading, kind, name, where, find)
  local key = kind.name .. "\0" .. name
  local found = reading.lookup_of[key]
  if not found then
    found = { kind = kind, name = name, where = where, locate = locator(reading, kind, name, where, find) }
    reading.lookup_of[key] = found
    table.insert(reading.lookups, found)
  end
  return found
end

local function new(reading, record)
  record.index, record.call = index(reading), call(reading)
  record.assign = values.refuse_assignment(reading)
  return handle.new(record)
end

--- A handle of a name. Until the file is read it is open whether that is declared here or looked up.
---@param reading perilune.playbook.Session
---@param kinds string[]  names of kinds; a text in a field may mean a resource of any of them
---@param name string
---@param where perilune.Where  the line of the call it is in
---@param find (fun(): perilune.Where)|nil  where exactly the name stands; without: it is the call's
---@return perilune.schema.Handle
function handles.named(reading, kinds, name, where, find)
  local kind = reading.kinds[kinds[1]]
  local record = { kind = kind, name = name, where = where, kinds = kinds, find = find }
  record.lookup = lookup_for(reading, kind, name, where, find)
  local made = new(reading, record)
  table.insert(reading.handles, made)
  return made
end

--- A handle of an object that the server gave as the value of an attribute.
---@param reading perilune.playbook.Session
---@param where perilune.Where  of the attribute
---@param found { kind: table, name: string, entry: { path: string }|nil }
---@return perilune.schema.Handle
function handles.live(reading, where, found)
  local kind, name = found.kind, found.name
  local path = found.entry and found.entry.path
  local key = kind.name .. "\0" .. (path or name)
  if not reading.live_handles[key] then
    local lookup = { kind = kind, name = name, where = where, path = path, locate = function() return where end }
    reading.live_handles[key] = new(reading,
      { kind = kind, name = name, where = where, live = true, lookup = lookup, binding = lookup })
  end
  return reading.live_handles[key]
end

local function wrong_name(reading, kind, name)
  local where = reading:here()
  local message = type(name) == "table" and ("a %s needs a name before its body"):format(kind.name)
    or name == "" and ("a %s needs a name that is not empty"):format(kind.name)
    or ("a %s needs a text as its name, got %s"):format(kind.name, type(name))
  reading:report {
    code = "argument",
    where = reading:at_call(where, kind.name),
    message = message,
    hint = ('write %s "name" { … }'):format(kind.name),
  }
  return values.broken(reading)
end

--- The word of a kind, as a playbook calls it.
---@param reading perilune.playbook.Session
---@param kind table
---@return fun(name: string): perilune.schema.Handle
function handles.word(reading, kind)
  return function(name, ...)
    if deferred.is(name) then name = deferred.plain(name) end
    if type(name) ~= "string" or name == "" then return wrong_name(reading, kind, name) end
    local where = reading:here()
    if select("#", ...) > 0 then
      reading:report {
        code = "argument",
        where = reading:at_call(where, kind.name, name),
        message = ('%s "%s": the body does not belong in these parentheses'):format(kind.name, name),
        hint = ("write %s(name) { … }"):format(kind.name),
      }
    end
    return handles.named(reading, { kind.name }, name, where)
  end
end

return handles
