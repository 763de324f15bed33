--- What servers have that are newer than the schema: `vim.unchecked`.
---
---     vim.unchecked { name = "web", { "newField", 5 } }    an object of the declared type, with more fields
---     vim.unchecked "NewSpec" { { "size", 5 }, … }         an object of a type, known or not
---     vim.unchecked "newMember"                            a text where a member of an enum is expected
---     vim.unchecked "NewEnum" "newMember"                  the same in a field of anyType
---     vim.unchecked(vm):NewMethod_Task { { "host", h } }   a method, known or not
---
--- Names that the schema has are encoded as ever. Others stand in pairs, after those, in the order in which
--- they are written. Versions are not compared, and nothing is required.
local err = require "perilune.err"
local handle = require "perilune.c.object"
local object = require "perilune.vim.object"
local soap = require "perilune.c.soap"

local function copy(fields)
  local value = {}
  if type(fields[1]) == "string" then
    err.raise { code = "argument", message = "what is unchecked holds pairs: { { \"name\", value }, … }" }
  end
  for key, field in pairs(fields) do
    value[key] = field
  end
  return value
end

--- `vim.unchecked "Name" { … }` and `vim.unchecked "Name" "text"`.
local function call(named, body)
  local name = rawget(named, 1)
  if type(name) ~= "string" or rawget(named, "_typeName") or (type(body) ~= "table" and type(body) ~= "string") then
    err.raise {
      code = "argument",
      message = "what is unchecked is called with a table of fields, or with a text",
      hint = 'write vim.unchecked "Type" { … }, or vim.unchecked "Enum" "member"',
    }
  end
  local value = type(body) == "table" and copy(body) or { body }
  value._typeName = name
  return soap.unchecked(value)
end

soap.set_unchecked_call(call)

local Proxy = {}

function Proxy:__index(name)
  local this = rawget(self, "this")
  return function(_, ...)
    return object.unchecked(this, name, ...)
  end
end

function Proxy:__tostring()
  return tostring(rawget(self, "this"))
end

--- Marks a table, a text or an object as not to be held against the schema.
---@param what table|string|userdata
---@return any
local function unchecked(what)
  if type(what) == "string" then
    return soap.unchecked { what }
  elseif type(what) == "table" then
    return soap.unchecked(copy(what))
  elseif handle.is(what) then
    return setmetatable({ this = what }, Proxy)
  end
  err.raise {
    code = "argument",
    message = ("vim.unchecked takes a table, a text or an object, not a %s"):format(type(what)),
  }
end

return unchecked
