--- Variables of a playbook: `var("count", { type = "integer", default = 3, min = 0 })`.
local err = require "perilune.err"
local schema = require "perilune.schema"
local secret = require "perilune.util.secret"
local text_of = require("perilune.schema.type").show

local var = {}

---@class perilune.playbook.Var
---@field type string  "string", "integer", "number", "boolean", "enum", "list", "map" or "secret"
---@field default any
---@field min number|nil
---@field max number|nil
---@field of string[]|nil  members of an enum
---@field doc string|nil

local function integer(text)
  return text:find "^%s*[+-]?%d+%s*$" and math.tointeger(tonumber(text)) or nil
end

local BOOLEANS = { ["true"] = true, yes = true, on = true, ["false"] = false, no = false, off = false }

local function boolean(text)
  return BOOLEANS[text:lower()]
end

local function any_list()
  return schema.list(schema.any())
end

local function any_map()
  return schema.map(schema.any())
end

local function list(text)
  local elements = {}
  for element in text:gmatch "[^,]+" do
    elements[#elements + 1] = element:match "^%s*(.-)%s*$"
  end
  return elements
end

local function map(text)
  local entries = {}
  for entry in text:gmatch "[^,]+" do
    local key, value = entry:match "^%s*([^=]-)%s*=%s*(.-)%s*$"
    if not key or key == "" then return nil end
    entries[key] = value
  end
  return entries
end

--- By type: its schema, the value of a text (nil: it has none), what was expected, and a value to read on
--- with after a mistake.
local TYPES = {
  string = { schema = schema.string, stand_in = "?" },
  integer = { schema = schema.integer, parse = integer, expected = "a whole number", stand_in = 1 },
  number = { schema = schema.number, parse = tonumber, expected = "a number", stand_in = 1 },
  boolean = { schema = schema.boolean, parse = boolean, expected = "true or false", stand_in = false },
  enum = {},
  list = { schema = any_list, parse = list, expected = "a list: a,b,c", stand_in = {} },
  map = { schema = any_map, parse = map, expected = "a map: a=1,b=2", stand_in = {} },
  secret = { schema = schema.string, stand_in = "?" },
}

local NAMES = { "string", "integer", "number", "boolean", "enum", "list", "map", "secret" }

local SPEC = schema.record {
  type = schema.enum(NAMES):default "string",
  default = schema.any(),
  min = schema.number(),
  max = schema.number(),
  of = schema.list(schema.string()),
  doc = schema.string(),
}

local function report(reading, where, name, message, hint, path, at)
  local text = reading.sources[where.file]
  local call = { line = where.line, word = "var", name = name }
  local place = path and text and text:field(call, path, at or "value") or reading:at_call(where, "var", name)
  reading:report {
    code = "playbook.var", where = place, hint = hint,
    message = ('variable "%s": %s'):format(name, message),
  }
end

--- The spec with its defaults, or nil after reports of what is wrong with it.
local function check_spec(reading, where, name, spec)
  local is_right = true
  local function tell(mistake)
    is_right = false
    report(reading, where, name, mistake.message, mistake.hint, mistake.path, mistake.at)
  end
  local checked = SPEC:check(spec, "", tell)
  if not checked or not is_right then return nil end
  if checked.type == "enum" and not (checked.of and checked.of[1]) then
    tell { path = "type", message = "an enum needs its words", hint = 'add of = { "dev", "prod" }' }
  elseif checked.of and checked.type ~= "enum" then
    tell { path = "of", at = "key", message = "only an enum has words", hint = 'write type = "enum"' }
  elseif (checked.min or checked.max) and checked.type ~= "integer" and checked.type ~= "number" then
    tell { path = checked.min and "min" or "max", at = "key", message = "only numbers have a range" }
  end
  return is_right and checked or nil
end

local function schema_of(spec)
  if spec.type == "enum" then return schema.enum(spec.of) end
  return TYPES[spec.type].schema(spec.min, spec.max)
end

--- A value that passes for the variable, so that reading goes on after a mistake about it.
local function stand_in(spec)
  if spec.default ~= nil then return spec.default end
  if spec.type == "enum" then return spec.of[1] end
  local value = TYPES[spec.type].stand_in
  if type(value) == "number" then value = math.max(value, spec.min or value) end
  return schema.default_of { default_value = value }
end

--- Where a value from outside came from, in a message: `-e count=abc`.
local function origin(reading, name, spec, value)
  local named = reading.options.var_sources and reading.options.var_sources[name]
  if named then
    return named
  elseif type(value) ~= "string" then
    return "the value given"
  end
  return spec.type == "secret" and "-e " .. name or ("-e %s=%s"):format(name, value)
end

--- The value given from outside as the variable's type; nil after a report.
local function given_value(reading, where, name, spec, value)
  local type_of, from = TYPES[spec.type], origin(reading, name, spec, value)
  local parsed = value
  if type(value) == "string" and type_of.parse then parsed = type_of.parse(value) end
  if parsed == nil then
    local problem = ("%s: %s is not %s"):format(from, text_of(value), type_of.expected)
    report(reading, where, name, problem)
    return nil
  end
  return schema_of(spec):check(parsed, "", function(mistake)
    local place = mistake.path ~= "" and mistake.path .. ": " or ""
    report(reading, where, name, ("%s: %s%s"):format(from, place, mistake.message), mistake.hint)
  end)
end

local function default_value(reading, where, name, spec)
  if spec.default == nil then
    local doc = spec.doc and (" (%s)"):format(spec.doc) or ""
    report(reading, where, name, "has no value and no default" .. doc, ("give it with -e %s=…"):format(name))
    return nil
  end
  return schema_of(spec):check(spec.default, "default", function(mistake)
    report(reading, where, name, "default: " .. mistake.message, mistake.hint, mistake.path, mistake.at)
  end)
end

local function value_of(reading, where, name, spec)
  local given = (reading.options.vars or {})[name]
  local value
  if given ~= nil then
    value = given_value(reading, where, name, spec, given)
  else
    value = default_value(reading, where, name, spec)
  end
  if value == nil then value = stand_in(spec) end
  if spec.type == "secret" then
    return secret.new(value, given ~= nil and "-e " .. name or "the default of " .. name)
  end
  return value
end

local function check_name(reading, where, name)
  if type(name) ~= "string" or not name:find "^[%a_][%w_-]*$" then
    reading:report {
      code = "playbook.var", where = reading:at_call(where, "var"),
      message = ("a variable needs a name, got %s"):format(text_of(name)),
      hint = 'write var("count", { type = "integer" })',
    }
    return false
  elseif reading.vars[name] then
    local first = reading.vars[name]
    report(reading, where, name, ("is declared twice; first at %s:%d"):format(first.file, first.line))
  end
  return true
end

--- The word `var`.
---@param reading perilune.playbook.Session
---@return fun(name: string, spec: perilune.playbook.Var|nil): any
function var.word(reading)
  return function(name, spec)
    local where = reading:here()
    if not check_name(reading, where, name) then reading:stop() end
    reading.vars[name] = where
    local checked = check_spec(reading, where, name, spec == nil and {} or spec)
    if not checked then reading:stop() end
    return value_of(reading, where, name, checked)
  end
end

--- Reports the values given for variables that the playbook does not declare.
---@param reading perilune.playbook.Session
function var.check_unknown(reading)
  local unknown = {}
  for name in pairs(reading.options.vars or {}) do
    if not reading.vars[name] then unknown[#unknown + 1] = name end
  end
  table.sort(unknown)
  for _, name in ipairs(unknown) do
    reading.mistakes[#reading.mistakes + 1] = err.new {
      code = "playbook.var",
      message = ('%s has no variable "%s"'):format(reading.path, name),
      hint = err.suggest(name, reading.vars)
        or next(reading.vars) == nil and "this playbook declares no variables" or nil,
    }
  end
end

return var
