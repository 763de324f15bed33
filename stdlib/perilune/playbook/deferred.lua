--- What the deferred values of a playbook do: attributes, elements, and asking the server.
local deferred = require "perilune.schema.deferred"
local err = require "perilune.err"
local handle = require "perilune.schema.handle"
local names = require "perilune.util.names"

local values = {}

--- Attributes and calls of a value that a mistake was reported for; more is an endless loop.
local DEEPEST = 8

local function refuse_assignment(reading)
  return function(_, _, key)
    local where = reading:here()
    reading:report {
      code = "playbook.error",
      where = type(key) == "string" and reading:at_word(where, key) or where,
      message = "what a name stands for cannot be changed here",
      hint = "give its fields in the body of its declaration",
    }
  end
end

--- A value that stands for nothing: a mistake was reported for it, and reading goes on. It may be
--- indexed and called like a kind; whatever needs more of it ends the reading.
---@param reading perilune.playbook.Session
---@param depth integer|nil
---@return perilune.schema.Deferred
function values.broken(reading, depth)
  depth = depth or 1
  local function stop() reading:stop() end
  local function deeper()
    if depth >= DEEPEST then stop() end
    return values.broken(reading, depth + 1)
  end
  local function call(_, _, argument, more)
    if more ~= nil or type(argument) ~= "string" and type(argument) ~= "table" then stop() end
    return deeper()
  end
  return deferred.new { broken = true, force = stop, index = deeper, call = call, assign = function() end }
end

--- The lookups that nothing declared so far and nobody resolved.
local function pending(reading, wanted)
  local list = {}
  for _, lookup in ipairs(reading.lookups) do
    if not lookup.value and not reading.declared[lookup.kind.name .. "\0" .. lookup.name] then
      list[#list + 1] = lookup
    end
  end
  if reading.lookup_of[wanted.kind.name .. "\0" .. wanted.name] ~= wanted then list[#list + 1] = wanted end
  return list
end

local function note_server(reading, where)
  local noted = reading.needs_server
  local last = noted[#noted]
  if not last or last.file ~= where.file or last.line ~= where.line then
    noted[#noted + 1] = { file = where.file, line = where.line }
  end
end

--- Whether the server may be asked now; where not, notes why.
---@param reading perilune.playbook.Session
---@return boolean
function values.may_ask(reading)
  if not reading.options.resolve or reading.options.mode == "validate" then
    note_server(reading, reading:here())
    return false
  end
  return #reading.mistakes == 0
end

--- Asks the server for a lookup, with all others that are pending.
local function resolve(reading, lookup, key)
  if not values.may_ask(reading) then
    reading.is_unasked = true
    reading:stop()
  elseif coroutine.running() ~= reading.thread or not coroutine.isyieldable() then
    err.raise {
      code = "playbook.error", where = reading:here(),
      message = ('"%s" of %s "%s" cannot be waited for here'):format(key, lookup.kind.name, lookup.name),
      hint = "read it before, into a local: not in a coroutine, a method of a string or a comparison of sort",
    }
  end
  lookup.needed = true
  local list = pending(reading, lookup)
  reading.is_resolving = true
  local _ <close> = setmetatable({}, { __close = function() reading.is_resolving = false end })
  reading.options.resolve(list)
  if not lookup.value then
    err.raise { code = "internal", message = ("%s was not resolved"):format(lookup.name) }
  end
end

local function known_after_apply(reading, record, root)
  reading:fail {
    code = "playbook.server",
    where = reading:at_word(reading:here(), tostring(record.key)),
    message = ('%s is declared here; its "%s" is known only after apply')
      :format(handle.label(root), record.key),
    hint = "use it in a field that refers to a resource, not as a plain value",
  }
end

--- The resource of this playbook that a handle stands for, as far as the file was read.
---@param reading perilune.playbook.Session
---@param record perilune.schema.HandleRecord
---@return table|nil resource
function values.resource_of(reading, record)
  local named = reading.declared[record.kind.name .. "\0" .. record.name]
  return record.resource or not record.live and named and named[1].resource or nil
end

--- The name of what a handle stands for; of a path its last part.
---@param record perilune.schema.HandleRecord
---@return string
function values.name_of(record)
  if record.name:sub(1, 1) ~= "/" then return record.name end
  local parts = names.split(record.name)
  return parts[#parts] or record.name
end

local function attribute(reading, record, owner)
  local of = handle.record(owner)
  if record.key == "name" then return values.name_of(of) end
  if values.resource_of(reading, of) then known_after_apply(reading, record, owner) end
  if not of.lookup.value then resolve(reading, of.lookup, record.key) end
  local found = of.lookup.value(record.key)
  if not record.kind or found == nil then return found end
  if not record.list then return reading.live(record.where, found) end
  local list = {}
  for i, node in ipairs(found) do
    list[i] = reading.live(record.where, node)
  end
  return list
end

local function force(reading)
  return function(value, record)
    if record.is_known then return record.known end
    local owner = deferred.plain(record.of)
    local found
    if handle.is(owner) then
      found = attribute(reading, record, owner)
    elseif type(owner) == "table" then
      found = owner[record.key]
    end
    record.is_known, record.known = true, found
    return found
  end
end

local function unknown(reading, key, message, hint)
  local where = reading:here()
  reading:report {
    code = "playbook.name",
    where = type(key) == "string" and reading:at_word(where, key) or where,
    message = message, hint = hint,
  }
  return values.broken(reading)
end

--- The attributes and fields that a kind's handles have, as a set of names.
local function names_of(kind)
  local known = { name = true }
  for name in pairs(kind.attributes or {}) do
    known[name] = true
  end
  for name in pairs(kind.fields and kind.fields.fields or {}) do
    known[name] = true
  end
  return known
end

--- Reports that a kind has no such attribute.
---@return perilune.schema.Deferred broken
function values.no_attribute(reading, kind, label, key)
  local known = names_of(kind)
  local shown = type(key) == "string" and ('"%s"'):format(key) or ("[%s]"):format(tostring(key))
  local hint = type(key) == "string" and err.suggest(key, known) or nil
  if not hint then
    local list = {}
    for name in pairs(known) do
      list[#list + 1] = name
    end
    table.sort(list)
    hint = ("a %s has: %s"):format(kind.name, table.concat(list, ", "))
  end
  return unknown(reading, key, ("%s has no attribute %s"):format(label, shown), hint)
end

local function element(reading, value, record, key)
  if math.type(key) == "integer" and key >= 1 then
    return values.new(reading, { of = value, key = key, kind = record.kind, list = false })
  end
  local shown = type(key) == "string" and ('"%s"'):format(key) or ("[%s]"):format(tostring(key))
  local hint = type(key) == "string" and ("take one of them: %s[1].%s"):format(record.key, key)
    or "lists begin at 1"
  return unknown(reading, key, ('"%s" is a list; it has no %s'):format(record.key, shown), hint)
end

local function of_text(value, text, key)
  local method = type(text) == "string" and string[key]
  if method then
    return function(_, ...) return method(text, ...) end
  end
  return type(text) == "table" and text[key] or nil
end

local function index(reading)
  return function(value, record, key)
    if record.is_known and type(record.known) == "table" then
      return record.known[key]
    elseif record.list then
      return element(reading, value, record, key)
    elseif not record.kind then
      return of_text(value, deferred.plain(value), key)
    end
    local kind = reading.kinds[record.kind]
    local has = kind.attributes and kind.attributes[key]
    if has or key == "name" then
      has = has or {}
      return values.new(reading, { of = value, key = key, kind = has.kind, list = has.list })
    end
    return values.no_attribute(reading, kind, "a " .. record.kind, key)
  end
end

--- Whether what a value hangs from was asked from the server already.
local function is_resolved(reading, record)
  local owner = handle.record(record.of)
  if not owner then
    local of = deferred.record(record.of)
    return of.is_known
  end
  return owner.lookup.value ~= nil and not values.resource_of(reading, owner)
end

--- Makes a deferred value of this reading; of what is known already the value itself, where it is no list.
---@param reading perilune.playbook.Session
---@param record { of: any, key: string|integer, kind: string|nil, list: boolean|nil }
---@return any
function values.new(reading, record)
  record.list = record.list or false
  record.where = reading:here()
  record.force, record.index = force(reading), index(reading)
  record.assign = refuse_assignment(reading)
  local value = deferred.new(record)
  if is_resolved(reading, record) then
    local known = deferred.plain(value)
    return record.list and value or known
  end
  table.insert(reading.deferreds, value)
  return value
end

values.refuse_assignment = refuse_assignment

return values
