--- Field types made of others: lists, maps and records; and `any`.
local Type = require "perilune.schema.type"
local deferred = require "perilune.schema.deferred"
local err = require "perilune.err"
local handle = require "perilune.schema.handle"
local path_of = require "perilune.schema.path"
local secret = require "perilune.util.secret"

local compound = {}

--- Tables inside one another in a value of any type; deeper is a cycle.
local DEEPEST = 64

local function is_table(value)
  return type(value) == "table" and not handle.is(value) and not deferred.is(value) and not secret.is(value)
end

local function expected(what, value, path, report)
  report { path = path, message = ("expected %s, got %s"):format(what, Type.show(value)), at = "value" }
end

--- A deep copy in which only handles, deferred values and secrets are shared; nil where tables never end.
local function copy(value, depth)
  if not is_table(value) then
    return value
  elseif depth > DEEPEST then
    return nil
  end
  local fresh = {}
  for key, inner in pairs(value) do
    fresh[key] = copy(inner, depth + 1)
    if fresh[key] == nil then return nil end
  end
  return fresh
end

--- The value of a field that was not given; a fresh one each time.
---@param of perilune.schema.Type
function compound.default_of(of)
  return copy(of.default_value, 1)
end

local List = Type.extend()

local function length_of(value)
  local count = 0
  for key in pairs(value) do
    if math.type(key) ~= "integer" or key < 1 then
      return nil, key
    end
    count = math.max(count, key)
  end
  return count
end

function List:keeps(value)
  local record = deferred.record(value)
  return record.list and self.of:keeps_element(record)
end

function List:accept(value, path, report, context)
  if deferred.is(value) then return value end
  if not is_table(value) then
    return expected("a list", value, path, report)
  end
  local count, stray = length_of(value)
  if not count then
    return report {
      path = path_of.join(path, type(stray) == "number" and stray or tostring(stray)),
      message = ("%s is a list; it has no field %s"):format(path, Type.show(stray)),
      hint = ("write %s = { { … }, … }"):format(path:match "[%w_]+$" or "it"),
      at = "key",
    }
  end
  local accepted = {}
  for i = 1, count do
    local inner = path_of.join(path, i)
    if value[i] == nil then
      report { path = inner, message = "is missing: the list has a gap", at = "value" }
    else
      accepted[#accepted + 1] = self.of:check(value[i], inner, report, context)
    end
  end
  return accepted
end

function List:describe()
  return "list of " .. self.of:describe()
end

---@param of perilune.schema.Type
---@return perilune.schema.Type
function compound.list(of)
  return Type.new(List, { kind = "list", of = of })
end

local Map = Type.extend()

local function sorted_keys(value)
  local keys = {}
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end

function Map:accept(value, path, report, context)
  if not is_table(value) then
    return expected("a table", value, path, report)
  end
  local accepted = {}
  for _, key in ipairs(sorted_keys(value)) do
    local inner = path_of.join(path, type(key) == "number" and key or tostring(key))
    if type(key) ~= "string" then
      report { path = inner, message = ("expected names as keys, got %s"):format(Type.show(key)), at = "key" }
    else
      accepted[key] = self.of:check(value[key], inner, report, context)
    end
  end
  return accepted
end

function Map:describe()
  return "map of " .. self.of:describe()
end

---@param of perilune.schema.Type
---@return perilune.schema.Type
function compound.map(of)
  return Type.new(Map, { kind = "map", of = of })
end

local Record = Type.extend()

local function unknown(self, key, path, report)
  local name = type(key) == "string" and key or nil
  report {
    path = path_of.join(path, type(key) == "number" and key or tostring(key)),
    message = name and ('unknown field "%s"'):format(name)
      or ("expected named fields, got an element at [%s]"):format(tostring(key)),
    hint = name and err.suggest(name, self.fields),
    at = "key",
  }
end

local function refuse_unknown(self, value, path, report)
  local strays = {}
  for key in pairs(value) do
    if not self.fields[key] then strays[key] = true end
  end
  for _, key in ipairs(next(strays) ~= nil and sorted_keys(strays) or strays) do
    unknown(self, key, path, report)
  end
end

local function missing(of, name, path, report, partial)
  if of.default_value ~= nil then
    return compound.default_of(of)
  elseif of.is_required and not partial then
    report {
      path = path_of.join(path, name),
      message = ('field "%s" is required'):format(name),
      hint = of.doc_text,
      at = "parent",
    }
  end
end

function Record:accept(value, path, report, context)
  if not is_table(value) then
    return expected("a table", value, path, report)
  end
  refuse_unknown(self, value, path, report)
  local accepted, partial = {}, path == "" and context ~= nil and context.partial
  for _, name in ipairs(self.names) do
    local of, given = self.fields[name], value[name]
    if given == nil then
      accepted[name] = missing(of, name, path, report, partial)
    else
      accepted[name] = of:check(given, path_of.join(path, name), report, context)
    end
  end
  return accepted
end

function Record:describe()
  return "table"
end

--- A table with named fields; unknown ones are mistakes. `names` lists them sorted.
---@param fields table<string, perilune.schema.Type>
---@return perilune.schema.Type
function compound.record(fields)
  return Type.new(Record, { kind = "record", fields = fields, names = sorted_keys(fields) })
end

local Any = Type.extend()

function Any:keeps()
  return true
end

function Any:keeps_element()
  return true
end

function Any:accept(value, path, report)
  local fresh = copy(value, 1)
  if fresh == nil then
    local message = ("has more than %d tables inside one another"):format(DEEPEST)
    report { path = path, message = message, at = "value" }
  end
  return fresh
end

---@return perilune.schema.Type
function compound.any()
  return Type.new(Any, { kind = "any" })
end

return compound
