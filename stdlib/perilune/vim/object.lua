--- Managed objects as Lua sees them: `vm:PowerOnVM_Task{…}` for every method of the API, `vm:get("name")`.
---
--- Nothing is fetched by indexing. What a name means depends on the object's type alone, so the functions
--- are made once per type and name.
local err = require "perilune.err"
local handle = require "perilune.c.object"
local method = require "perilune.vim.method"

local object = {}

--- Methods that every object has besides those of the API: name → function(self, …).
local own = {}
local own_unchecked = {}

---@type table<string, table<string, function>>
local known = setmetatable({}, {
  __index = function(all, type_name)
    all[type_name] = {}
    return all[type_name]
  end,
})

--- The connection of an object; raises vim.session when that is closed.
---@param this userdata
---@return perilune.vim.Connection
function object.connection(this)
  local connection = handle.space(this).connection
  if not connection then
    local message = ("%s is of a connection that is closed"):format(tostring(this))
    err.raise { code = "vim.session", message = message }
  end
  return connection
end

local function check_arguments(this, name, args)
  if not handle.is(this) then
    err.raise {
      code = "argument",
      message = ("%s was called without its object"):format(name),
      hint = ("write object:%s{…} with a colon"):format(name),
    }
  elseif args ~= nil and type(args) ~= "table" then
    err.raise {
      code = "argument",
      message = ("%s takes its arguments by name, in a table"):format(name),
      hint = ("write object:%s{ … = … }"):format(name),
    }
  end
end

local function invoke(this, name, args, options)
  check_arguments(this, name, args)
  local connection = object.connection(this)
  connection.lookup:called(this, name, args)
  local value = method.call(connection, this, name, args, options)
  if name:find "_Task$" and handle.is(value) then
    return connection:task(value, { method = name, object = this, operation = connection:operation() })
  end
  return value
end

local function api_method(name)
  return function(this, args)
    return invoke(this, name, args)
  end
end

local UNCHECKED = { unchecked = true }

--- Calls a method without holding it against the schema; for vim.unchecked.
---@param this userdata
---@param name string
---@param ... any  the arguments by name, in a table
function object.unchecked(this, name, ...)
  if own_unchecked[name] then
    return own_unchecked[name](this, ...)
  end
  return invoke(this, name, ..., UNCHECKED)
end

local function index(this, name)
  if own[name] then
    return own[name]
  end
  local functions = known[handle.type(this)]
  if not functions[name] then
    method.describe(handle.type(this), tostring(name))
    functions[name] = api_method(name)
  end
  return functions[name]
end

--- Adds a method that every object has: of the collector, which stands above this module.
---@param name string
---@param fn fun(self: userdata, ...): ...
---@param unchecked (fun(self: userdata, ...): ...)?  what it is for vim.unchecked, where that differs
function object.define(name, fn, unchecked)
  own[name] = fn
  own_unchecked[name] = unchecked or fn
end

handle.set_index(index)

return object
