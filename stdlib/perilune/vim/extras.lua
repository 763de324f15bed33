--- What a connection offers beside the API's own methods, each loaded when it is first used.
---
---     vc.tags:attached(vms)                 → tags.attached(vc, vms)
---     vc:datastore "LocalDS_0"              → datastore.open(vc, "LocalDS_0")
---
--- The modules themselves take the connection first; so they need no objects of their own.
local err = require "perilune.err"

local extras = {}

--- Groups of functions: name → module.
local GROUPS = {
  tags = "perilune.vim.tags",
  libraries = "perilune.vim.libraries",
  custom_attributes = "perilune.vim.attributes",
}

--- Single functions: name → module and its function.
local FUNCTIONS = {
  datastore = { "perilune.vim.datastore", "open" },
  import = { "perilune.vim.import", "run" },
  export = { "perilune.vim.export", "run" },
}

--- The functions of a module as methods, for one connection.
local function bind(name, connection)
  local module = require(GROUPS[name])
  return setmetatable({}, {
    __index = function(group, key)
      local fn = module[key]
      if type(fn) ~= "function" then
        err.raise {
          code = "argument",
          message = ("vc.%s has no function %s"):format(name, tostring(key)),
          hint = err.suggest(tostring(key), module),
        }
      end
      local method = function(self, ...)
        if self ~= group then
          err.raise { code = "argument", message = ("write vc.%s:%s(…), with a colon"):format(name, key) }
        end
        return fn(connection, ...)
      end
      rawset(group, key, method)
      return method
    end,
  })
end

--- What a connection has under a name, or nil.
---@param connection perilune.vim.Connection
---@param name string
---@return any
function extras.find(connection, name)
  local single = FUNCTIONS[name]
  if single then
    return require(single[1])[single[2]]
  elseif GROUPS[name] then
    local group = bind(name, connection)
    rawset(connection, name, group)
    return group
  end
end

return extras
