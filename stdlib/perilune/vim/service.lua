--- Further services of a vCenter: `vc:service "pbm"`. They have addresses, namespaces and versions of their
--- own, and share the pool, the objects and the session of the connection.
---
--- Which there are, and where, is told by the schema. A call belongs to the service of its object's type.
local err = require "perilune.err"
local schema = require "perilune.c.schema"

local service = {}

---@class perilune.vim.Service
---@field name string
---@field urn string  the XML namespace
---@field url string
---@field api_version string  that is spoken
---@field root userdata?  the object to begin with
---@field content table?  what the root says it has; its managers are objects

local known = {} -- name → what the schema says
local names = {}

for i, description in ipairs(schema.services()) do
  known[description.name], names[i] = description, description.name
end

local CORE = names[1]

--- A method's name without the service's, which begins many: PbmQueryProfile is QueryProfile.
---@param method string
---@return string
function service.bare(method)
  for i = 2, #names do
    local prefix = names[i]:sub(1, 1):upper() .. names[i]:sub(2)
    local rest = method:match("^" .. prefix .. "(%u.*)$")
    if rest then
      return rest
    end
  end
  return method
end

--- Where a service answers: at its own path on the host of the connection.
local function url_of(connection, description)
  return (connection.target.url:gsub("^(%a+://[^/]+).*$", "%1")) .. description.path
end

--- Versions of a service follow those of the product; what is spoken there is not newer than here.
local function version_of(connection, description)
  return schema.newest(connection.api_version, description.name) or description.api
end

local function new(connection, description)
  return {
    name = description.name,
    urn = description.urn,
    url = url_of(connection, description),
    api_version = version_of(connection, description),
    root = description.root and connection:object(description.root, description.root_id),
  }
end

--- The service of a name; nothing is sent.
local function of_name(connection, name)
  local services = connection.services
  if not services[name] then
    services[name] = new(connection, known[name])
  end
  return services[name]
end

local of_type = {} -- managed type → name of its service, or CORE

--- The service that calls on objects of a type go to; nil for the core.
---@param connection perilune.vim.Connection
---@param type_name string
---@return perilune.vim.Service?
function service.of(connection, type_name)
  local name = of_type[type_name]
  if not name then
    local description = schema.type(type_name)
    name = description and description.service or CORE
    of_type[type_name] = name
  end
  return name ~= CORE and of_name(connection, name) or nil
end

local function check(connection, name)
  if not known[name] then
    err.raise {
      code = "argument",
      message = ("there is no service %q"):format(tostring(name)),
      hint = err.suggest(tostring(name), names) or "services: " .. table.concat(names, ", "),
    }
  elseif name ~= CORE and connection.about.apiType ~= "VirtualCenter" then
    err.raise {
      code = "vim.not_found",
      message = ("%s has no service %q: only a vCenter has it"):format(connection.name, name),
    }
  end
end

--- A service, its content read when it is asked for the first time. Waits.
---@param connection perilune.vim.Connection
---@param name string
---@return perilune.vim.Service
function service.open(connection, name)
  check(connection, name)
  local self = of_name(connection, name)
  local method = known[name].content
  if method and not self.content then
    self.content = self.root[method](self.root)
  end
  return self
end

return service
