--- Data objects of the API by name: `vim.VirtualDisk { key = -1, … }` is the table with its type written
--- into `_typeName`, as the encoder wants it wherever a field's declared type is a base type.
local err = require "perilune.err"
local schema = require "perilune.c.schema"
local unchecked = require "perilune.vim.unchecked"

local function construct(name)
  return function(fields)
    local value = {}
    for key, field in pairs(fields or {}) do
      value[key] = field
    end
    value._typeName = name
    return value
  end
end

local function lookup(vim, name)
  local description = type(name) == "string" and schema.type(name)
  if not description then
    err.raise {
      code = "soap.type",
      message = ("the API has no type %q"):format(tostring(name)),
      hint = err.suggest(tostring(name), schema.names "type")
        or ("to a server that is newer than this schema, send vim.unchecked %q { … }"):format(tostring(name)),
    }
  end
  local constructor = construct(description.name)
  rawset(vim, name, constructor)
  return constructor
end

return setmetatable({ unchecked = unchecked }, { __index = lookup })
