--- The field type of references to resources: handles, deferred values that yield them, and names.
local Type = require "perilune.schema.type"
local deferred = require "perilune.schema.deferred"
local handle = require "perilune.schema.handle"

local Ref = Type.extend()

local function article(kinds)
  return "a " .. table.concat(kinds, " or a ")
end

function Ref:keeps_element(record)
  return record.kind ~= nil and self.takes[record.kind] ~= nil
end

function Ref:keeps(value)
  return deferred.record(value).kind ~= nil
end

--- Which attribute of what was given would have been right: `cluster "C"` given for a pool has one.
local function better(self, value)
  local record = handle.record(value)
  for name, attribute in pairs(record.kind.attributes or {}) do
    if attribute.kind and self.takes[attribute.kind] and not attribute.list then
      return ('write %s("%s").%s'):format(record.kind.name, record.name, name)
    end
  end
end

local function wrong(self, got, path, report, hint)
  local message = ("expected %s, got %s"):format(article(self.kinds), got)
  report { path = path, message = message, hint = hint, at = "value" }
end

local function accept_deferred(self, value, path, report)
  local record = deferred.record(value)
  if record.list then
    local hint = ("take one of them: %s[1]"):format(record.key)
    return wrong(self, ("a list of %ss"):format(record.kind), path, report, hint)
  elseif not self.takes[record.kind] then
    return wrong(self, "a " .. record.kind, path, report)
  end
  return value
end

function Ref:accept(value, path, report, context)
  if deferred.is(value) then
    return accept_deferred(self, value, path, report)
  elseif handle.is(value) then
    if self.takes[handle.kind_of(value)] then return value end
    return wrong(self, handle.label(value), path, report, better(self, value))
  elseif type(value) ~= "string" then
    return wrong(self, Type.show(value), path, report, ('write %s "name"'):format(self.kinds[1]))
  elseif value == "" then
    return wrong(self, "an empty name", path, report)
  elseif context and context.lookup then
    return context.lookup(self.kinds, value, path)
  end
  return value
end

function Ref:describe()
  return table.concat(self.kinds, " or ")
end

--- A reference to a resource of one of the kinds. A string is the name or path of one of the first kind.
---@param kinds string|string[]
---@return perilune.schema.Type
return function(kinds)
  kinds = type(kinds) == "string" and { kinds } or kinds
  local takes = {}
  for _, name in ipairs(kinds) do
    takes[name] = true
  end
  return Type.new(Ref, { kind = "ref", kinds = kinds, takes = takes })
end
