--- What is known of a value that an expression has, or that is wanted at a place: a shape.
---
--- Each sort of values is a class of shapes (api.lua, kind.lua, live.lua, options.lua). What a shape does not
--- know it leaves to these: nothing. None of it waits or asks a server.
local shape = {}

---@class perilune.shell.Item
---@field text string
---@field note string?  a few words about it
---@field suffix string?  what follows it at once, when it is the only one

---@class perilune.shell.Arguments  what is written in the brackets of a call: strings by number and key

---@class perilune.shell.Shape
local Shape = {}
Shape.__index = Shape

--- A class of shapes.
---@return table
function shape.class()
  local class = setmetatable({}, Shape)
  class.__index = class
  return class
end

--- The shape of a field or an element by its key.
---@param key string|integer
---@param given table<string, string|false>?  the fields that are written beside it
---@return perilune.shell.Shape?
function Shape:member(key, given) end -- luacheck: ignore 212

--- The shape of an element of a list.
---@return perilune.shell.Shape?
function Shape:element() end -- luacheck: ignore 212

--- The shape of what `x:name` is.
---@return perilune.shell.Shape?
function Shape:method(name) end -- luacheck: ignore 212

--- The shape of what a call gives.
---@param arguments perilune.shell.Arguments
---@return perilune.shell.Shape?
function Shape:call(arguments) end -- luacheck: ignore 212

--- The shape that a call wants as its n-th argument.
---@return perilune.shell.Shape?
function Shape:argument(n) end -- luacheck: ignore 212

--- The shape of a table constructor with a `_typeName`.
---@return perilune.shell.Shape
function Shape:narrow(type_name) -- luacheck: ignore 212
  return self
end

--- What may follow `x.`
---@return perilune.shell.Item[]
function Shape:members() -- luacheck: ignore 212
  return {}
end

--- What may follow `x:`
---@return perilune.shell.Item[]
function Shape:methods() -- luacheck: ignore 212
  return {}
end

--- The fields that a table constructor may have; nil where any expression may stand.
---@return perilune.shell.Item[]?
function Shape:keys() end -- luacheck: ignore 212

--- What may stand in a string, and how many bytes of what is written stay.
---@param word string  what is written
---@param place perilune.shell.Place
---@return perilune.shell.Item[]? items
---@return integer? kept
function Shape:words(word, place) end -- luacheck: ignore 212

--- What may stand in `x["`, or as a key in brackets; as words.
Shape.key_words = Shape.words

--- Expressions that are values of the shape.
---@return perilune.shell.Item[]
function Shape:values() -- luacheck: ignore 212
  return {}
end

local List = shape.class()

--- A list of a shape.
---@param of perilune.shell.Shape?
---@return perilune.shell.Shape
function shape.list(of)
  return setmetatable({ of = of }, List)
end

function List:element()
  return self.of
end

function List:member(key)
  return math.type(key) == "integer" and self.of or nil
end

local Words = shape.class()

--- One of some texts.
---@param items perilune.shell.Item[]|fun(): perilune.shell.Item[]
---@param is_quoted boolean?  whether they may be offered as values, too
---@return perilune.shell.Shape
function shape.words(items, is_quoted)
  return setmetatable({ items = items, is_quoted = is_quoted }, Words)
end

function Words:words()
  return type(self.items) == "function" and self.items() or self.items, 0
end

function Words:values()
  local list = {}
  for i, item in ipairs(self.is_quoted and self:words() or {}) do
    list[i] = { text = ("%q"):format(item.text), note = item.note }
  end
  return list
end

local Boolean = shape.class()

function Boolean:values() -- luacheck: ignore 212
  return { { text = "true" }, { text = "false" } }
end

--- true or false.
---@type perilune.shell.Shape
shape.boolean = setmetatable({}, Boolean)

local Function = shape.class()

--- A function whose arguments and result are known.
---@param arguments perilune.shell.Shape[]
---@param result (perilune.shell.Shape|fun(arguments: perilune.shell.Arguments): perilune.shell.Shape?)?
---@param is_variadic boolean?  the last argument may be repeated
---@return perilune.shell.Shape
function shape.call(arguments, result, is_variadic)
  return setmetatable({ arguments = arguments, result = result, is_variadic = is_variadic }, Function)
end

function Function:argument(n)
  return self.arguments[n] or self.is_variadic and self.arguments[#self.arguments] or nil
end

function Function:call(arguments)
  if type(self.result) == "function" then return self.result(arguments) end
  return self.result
end

local Record = shape.class()

---@class perilune.shell.Field
---@field name string
---@field note string?
---@field shape perilune.shell.Shape|(fun(given: table): perilune.shell.Shape?)|nil

--- A table with known fields.
---@param fields perilune.shell.Field[]
---@return perilune.shell.Shape
function shape.record(fields)
  local by_name = {}
  for _, field in ipairs(fields) do by_name[field.name] = field end
  return setmetatable({ fields = fields, by_name = by_name }, Record)
end

function Record:member(key, given)
  local field = self.by_name[key]
  if not field then return nil end
  if type(field.shape) == "function" then return field.shape(given or {}) end
  return field.shape
end

function Record:keys()
  local items = {}
  for i, field in ipairs(self.fields) do items[i] = { text = field.name, note = field.note, suffix = " = " } end
  return items
end

function Record:members()
  local items = {}
  for i, field in ipairs(self.fields) do items[i] = { text = field.name, note = field.note } end
  return items
end

return shape
