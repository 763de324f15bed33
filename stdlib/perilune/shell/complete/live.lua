--- Shapes of the values that are there: globals and locals of the session, and what is in them.
---
--- Nothing is run to look into a value: no metamethod, no function. What a metatable has as `__index` is looked
--- into where that is a table.
local api = require "perilune.shell.complete.api"
local handle = require "perilune.schema.handle"
local kind = require "perilune.shell.complete.kind"
local object = require "perilune.c.object"
local options = require "perilune.shell.complete.options"
local schema = require "perilune.c.schema"
local shape = require "perilune.shell.complete.shape"
local vim = require "perilune.vim"

local live = {}

local MOST_KEYS = 1000 -- looked at in one table
local MOST_CLASSES = 8 -- of metatables behind one another

--- The table behind a value's metatable, raw.
local function class_of(value)
  local meta = debug.getmetatable(value)
  local index = meta and rawget(meta, "__index")
  return type(index) == "table" and index or nil
end

--- A field as indexing gives it, but for what only a function could tell.
local function raw_field(value, key)
  for _ = 1, MOST_CLASSES do
    if type(value) == "table" then
      local found = rawget(value, key)
      if found ~= nil then return found end
    end
    value = class_of(value)
    if value == nil then return nil end
  end
end

local function note_of(value)
  if type(value) == "table" or type(value) == "userdata" then return type(value) end
  if type(value) == "function" then return "function" end
  return nil
end

local function is_identifier(key)
  return type(key) == "string" and key:find "^[%a_][%w_]*$" ~= nil
end

local function add_keys(items, seen, value, wanted)
  local count = 0
  for key, field in next, value do
    count = count + 1
    if count > MOST_KEYS then return end
    if is_identifier(key) and not seen[key] and key:sub(1, 2) ~= "__" and wanted(field) then
      seen[key] = true
      items[#items + 1] = { text = key, note = note_of(field), suffix = type(field) == "function" and "(" or nil }
    end
  end
end

local function collect(value, wanted)
  local items, seen = {}, {}
  for _ = 1, MOST_CLASSES do
    if type(value) == "table" then add_keys(items, seen, value, wanted) end
    value = class_of(value)
    if value == nil then break end
  end
  table.sort(items, function(a, b) return a.text < b.text end)
  return items, seen
end

local function is_any()
  return true
end

local function is_function(value)
  return type(value) == "function"
end

local Value = shape.class()

function Value:member(key)
  local found, declared = raw_field(self.value, key), self.data and self.data:member(key)
  if found == nil or declared and type(found) == "string" then return declared end
  return live.of(found)
end

Value.method = Value.member

function Value:element()
  return self:member(1)
end

--- What it has, and what its type may have besides.
function Value:members()
  local items, seen = collect(self.value, is_any)
  for _, item in ipairs(self.data and self.data:members() or {}) do
    if not seen[item.text] then items[#items + 1] = item end
  end
  return items
end

function Value:methods()
  return (collect(self.value, is_function))
end

--- Keys for `x["`, any text.
function Value:key_words()
  local items = {}
  for key in next, type(self.value) == "table" and self.value or {} do
    if type(key) == "string" and #items < MOST_KEYS then items[#items + 1] = { text = key } end
  end
  table.sort(items, function(a, b) return a.text < b.text end)
  return items, 0
end

--- The type that a data object says it has.
local function data_of(value)
  local name = type(value) == "table" and rawget(value, "_typeName")
  local description = type(name) == "string" and schema.type(name)
  return description and description.kind == "data" and api.data(name) or nil
end

--- Rows that were read already are their list; others are not read for this.
local function rows_read(value)
  local meta = debug.getmetatable(value)
  local list = type(value) == "table" and meta and rawget(meta, "__inspect") and rawget(value, "list")
  return type(list) == "table" and list or nil
end

local function is_connection(value)
  return type(value) == "table" and rawget(value, "space") ~= nil and rawget(value, "content") ~= nil
end

local function is_task(value)
  return type(value) == "table" and rawget(value, "connection") ~= nil and rawget(value, "waiting") ~= nil
end

--- The shape of a value.
---@param value any
---@return perilune.shell.Shape?
function live.of(value)
  if object.is(value) then return api.object(object.type(value)) end
  if handle.is(value) then return kind.handle(handle.record(value).kind) end
  if rawequal(value, vim) then return api.constructors end
  if is_connection(value) then return options.connection end
  if is_task(value) then return api.task() end
  if value == nil or type(value) == "boolean" or type(value) == "number" then return nil end
  value = rows_read(value) or value
  return setmetatable({ value = value, data = data_of(value) }, Value)
end

return live
