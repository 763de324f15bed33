--- Shapes of the words of playbooks: kinds, their handles, and the fields of their bodies.
local api = require "perilune.shell.complete.api"
local doc = require "perilune.doc.kinds"
local kinds = require "perilune.kind"
local shape = require "perilune.shell.complete.shape"

local kind = {}

local Names = shape.class()

--- The name of a live object of one of some kinds.
---@param kind_names string[]
---@return perilune.shell.Shape
function kind.names(kind_names)
  return setmetatable({ kinds = kind_names }, Names)
end

function Names:words(word, place)
  if not place.names then return {}, 0 end
  return place.names(self.kinds, word), 0
end

local function members(names)
  local items = {}
  for i, name in ipairs(names) do items[i] = { text = name } end
  return items
end

local function field_items(fields, suffix)
  local items = {}
  for _, name in ipairs(doc.sorted_names(fields)) do
    items[#items + 1] = { text = name, note = doc.type_text(fields[name]), suffix = suffix }
  end
  return items
end

local Fields = shape.class()

function Fields:member(key)
  return self.fields[key] and kind.field(self.fields[key]) or nil
end

function Fields:members()
  return field_items(self.fields)
end

function Fields:keys()
  return field_items(self.fields, " = ")
end

--- What a field of a kind takes.
---@param of perilune.schema.Type
---@return perilune.shell.Shape?
function kind.field(of)
  if of.kind == "record" then return setmetatable({ fields = of.fields }, Fields) end
  if of.kind == "list" then return shape.list(kind.field(of.of)) end
  if of.kind == "enum" then return shape.words(members(of.members), true) end
  if of.kind == "boolean" then return shape.boolean end
  if of.kind == "ref" then return kind.names(of.kinds) end
end

-- Bodies ---------------------------------------------------------------------------------------------------

local Body = shape.class()

local function body_of(one)
  return setmetatable({ kind = one }, Body)
end

function Body:fields()
  return self.kind.fields and self.kind.fields.fields or {}
end

function Body:member(key)
  local of = self:fields()[key]
  if of then return kind.field(of) end
  if key == "absent" or key == "protect" then return shape.boolean end
  return key == "ignore" and shape.list(shape.words(field_items(self:fields()))) or nil
end

function Body:keys()
  if not self.kind.fields then return {} end
  local items = field_items(self:fields(), " = ")
  for _, row in ipairs(doc.common) do items[#items + 1] = { text = row[1], note = row[2], suffix = " = " } end
  return items
end

-- Handles --------------------------------------------------------------------------------------------------

local Handle = shape.class()

--- What `vm "web-01"` is.
---@param one table  a kind
---@return perilune.shell.Shape
function kind.handle(one)
  return setmetatable({ kind = one, object = one.types[1] and api.object(one.types[1]) }, Handle)
end

function Handle:member(key)
  local attribute = self.kind.attributes and self.kind.attributes[key]
  if attribute then
    local other = attribute.kind and kind.handle(kinds[attribute.kind])
    return attribute.list and shape.list(other) or other
  end
  return body_of(self.kind):member(key)
end

function Handle:members()
  local items = field_items(body_of(self.kind):fields())
  for _, name in ipairs(doc.sorted_names(self.kind.attributes or {})) do
    items[#items + 1] = { text = name, note = self.kind.attributes[name].doc }
  end
  items[#items + 1] = { text = "name", note = "its name" }
  return items
end

function Handle:methods()
  return self.object and self.object:methods() or {}
end

function Handle:method(name)
  return self.object and self.object:method(name)
end

function Handle:argument()
  return body_of(self.kind)
end

function Handle:call()
  return self
end

-- Words ----------------------------------------------------------------------------------------------------

local Word = shape.class()

--- The word of a kind: `vm`.
---@param one table
---@return perilune.shell.Shape
function kind.word(one)
  return setmetatable({ kind = one }, Word)
end

function Word:argument()
  return kind.names { self.kind.name }
end

function Word:call()
  return kind.handle(self.kind)
end

local fields_of_all = {}
for _, one in pairs(kinds) do
  for name, of in pairs(one.fields and one.fields.fields or {}) do fields_of_all[name] = of end
end

--- What `defaults { … }` takes: a field of any kind.
---@type perilune.shell.Shape
kind.defaults = setmetatable({ fields = fields_of_all }, Fields)

return kind
