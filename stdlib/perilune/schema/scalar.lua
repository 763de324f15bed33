--- Field types of one value: texts, numbers, booleans, sizes, durations and enumerations.
local Type = require "perilune.schema.type"
local err = require "perilune.err"
local units = require "perilune.util.units"

local scalar = {}

local function expected(what, value, path, report, hint)
  local message = ("expected %s, got %s"):format(what, Type.show(value))
  report { path = path, message = message, hint = hint, at = "value" }
end

local Text = Type.extend()

function Text:accept(value, path, report)
  if type(value) ~= "string" then
    return expected("a string", value, path, report)
  end
  return value
end

---@return perilune.schema.Type
function scalar.string()
  return Type.new(Text, { kind = "string" })
end

local Boolean = Type.extend()

function Boolean:accept(value, path, report)
  if type(value) ~= "boolean" then
    return expected("true or false", value, path, report)
  end
  return value
end

---@return perilune.schema.Type
function scalar.boolean()
  return Type.new(Boolean, { kind = "boolean" })
end

local Number = Type.extend()

local function in_range(self, value, path, report)
  if value ~= value then
    report { path = path, message = "nan is no number", at = "value" }
  elseif self.min and value < self.min then
    report { path = path, message = ("%s is less than %s"):format(value, self.min), at = "value" }
  elseif self.max and value > self.max then
    report { path = path, message = ("%s is more than %s"):format(value, self.max), at = "value" }
  else
    return value
  end
end

function Number:accept(value, path, report)
  local number = type(value) == "number" and value or nil
  if number and self.kind == "integer" then
    number = math.tointeger(number)
  end
  if not number then
    return expected(self.kind == "integer" and "a whole number" or "a number", value, path, report)
  end
  return in_range(self, number, path, report)
end

function Number:describe()
  if self.min and self.max then
    return ("%s %s–%s"):format(self.kind, self.min, self.max)
  elseif self.min or self.max then
    return ("%s, at %s %s"):format(self.kind, self.min and "least" or "most", self.min or self.max)
  end
  return Type.describe(self)
end

---@param min integer|nil
---@param max integer|nil
---@return perilune.schema.Type
function scalar.integer(min, max)
  return Type.new(Number, { kind = "integer", min = min, max = max })
end

---@param min number|nil
---@param max number|nil
---@return perilune.schema.Type
function scalar.number(min, max)
  return Type.new(Number, { kind = "number", min = min, max = max })
end

local Measure = Type.extend()

function Measure:accept(value, path, report)
  local measured, problem, hint = self.read(value, self.unit)
  if measured then
    return measured
  elseif type(value) ~= "string" and type(value) ~= "number" then
    problem = ("%s, got %s"):format(problem, Type.show(value))
  end
  report { path = path, message = problem, hint = hint, at = "value" }
end

--- Also takes the text of a size: `:default "4GiB"`; a number is bytes, as `check` would return.
function Measure:default(value)
  self.default_value = type(value) == "string" and assert(self.read(value, self.unit)) or value
  return self
end

--- A size; checked it is an integer of bytes.
---@param unit string  what a bare number counts: "MiB"
---@return perilune.schema.Type
function scalar.size(unit)
  return Type.new(Measure, { kind = "size", unit = unit, read = units.size, example_text = "20GiB" })
end

--- A duration; checked it is a number of seconds, which is also what a bare number counts.
---@return perilune.schema.Type
function scalar.duration()
  return Type.new(Measure, { kind = "duration", unit = "s", read = units.duration, example_text = "15m" })
end

local Enum = Type.extend()

local function quoted(members)
  local texts = {}
  for i, member in ipairs(members) do
    texts[i] = ('"%s"'):format(member)
  end
  return table.concat(texts, ", ")
end

local function choices(members)
  return #members <= 8 and "one of " .. quoted(members) or ("one of %d words"):format(#members)
end

function Enum:accept(value, path, report)
  if type(value) ~= "string" then
    return expected(choices(self.members), value, path, report)
  elseif self.is_member[value] then
    return value
  end
  report {
    path = path,
    message = ("%s is not %s"):format(Type.show(value), choices(self.members)),
    hint = err.suggest(value, self.members),
    at = "value",
  }
end

function Enum:describe()
  return table.concat(self.members, " | ")
end

---@param members string[]
---@return perilune.schema.Type
function scalar.enum(members)
  local is_member = {}
  for _, member in ipairs(members) do
    is_member[member] = true
  end
  return Type.new(Enum, { kind = "enum", members = members, is_member = is_member })
end

return scalar
