--- What an object lies in: its ancestors up to the root, in one request.
local err = require "perilune.err"
local handle = require "perilune.c.object"

local ancestry = {}

--- The traversal from an object through all its parents.
local function filter(ref)
  local up = {
    _typeName = "TraversalSpec",
    name = "up",
    type = "ManagedEntity",
    path = "parent",
    skip = false,
    selectSet = { { name = "up" } },
  }
  return {
    propSet = { { type = "ManagedEntity", pathSet = { "name", "parent" } } },
    objectSet = { { obj = ref, skip = false, selectSet = { up } } },
  }
end

---@class perilune.vim.Place
---@field names string[]  from below the root folder to the object, as the server spells them
---@field datacenter userdata?  that it lies in
---@field datacenter_path string?  of that, as "folder/DC0"

--- Where an object lies.
---@param connection perilune.vim.Connection
---@param ref userdata
---@return perilune.vim.Place
function ancestry.of(connection, ref)
  local rows = {}
  for _, row in ipairs(connection:retrieve { spec_set = { filter(ref) } }) do
    rows[row.ref] = row
  end
  local names, datacenter, below = {}, nil, nil
  local at = ref
  while rows[at] and rows[at].parent do
    table.insert(names, 1, rows[at].name)
    if handle.type(at) == "Datacenter" then
      datacenter, below = at, #names
    end
    at = rows[at].parent
  end
  local path = datacenter and table.concat(names, "/", 1, #names - below + 1)
  return { names = names, datacenter = datacenter, datacenter_path = path }
end

--- The object that was meant: itself, or the one of that name.
---@param connection perilune.vim.Connection
---@param types string  of the API
---@param what userdata|string
---@return userdata
function ancestry.resolve(connection, types, what)
  if handle.is(what) then
    return what
  elseif type(what) == "string" then
    return connection:find_one { type = types, name = what }
  end
  err.raise { code = "argument", message = ("a %s, or its name, is expected"):format(types) }
end

return ancestry
