--- What a browser's address bar shows of an object, as the object.
---
---     https://vc/mob/?moid=host-21&doPath=hardware.cpuInfo                     the managed object browser
---     https://vc/ui/app/vm;nav=v/urn:vmomi:VirtualMachine:vm-42:INSTANCE/…     the vSphere Client
---
--- The client's URLs name the vCenter by its instance UUID, so that of another one is an error. The browser's name it
--- by a host name only, and a vCenter has many: those are told apart by nothing, so another name is worth a notice.
local err = require "perilune.err"
local moid = require "perilune.vim.moid"
local url = require "perilune.vim.url"

local mob = {}

---@class perilune.vim.MobAddress
---@field host string
---@field port integer
---@field id string
---@field type string?  where the URL says it
---@field path string?  of a property
---@field instance string?  the UUID of the vCenter

local function refuse(text, message, hint)
  err.raise { code = "http.url", message = ("%s: %s"):format(text:match "^[^?#]*", message), hint = hint }
end

local function decode(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function fields_of(query)
  local fields = {}
  for name, value in query:gmatch "([^&=]+)=([^&]*)" do
    fields[decode(name)] = decode(value)
  end
  return fields
end

local function client_address(text)
  local type_name, id, instance = decode(text):match "urn:vmomi:(%a%w*):([^:/;?#&]+):?([%x%-]*)"
  return type_name and { type = type_name, id = id, instance = instance ~= "" and instance or nil }
end

local function browser_address(text)
  local query = text:match "^[^?#]*/mob/?%?([^#]*)"
  local fields = fields_of(query or "")
  if fields.method then
    local hint = ("call it: vc:object(%q):%s { … }"):format(fields.moid or "…", fields.method)
    refuse(text, "the URL is of a method, not of an object", hint)
  elseif query or text:find "^[^?#]*/mob/?$" then
    return { id = fields.moid or "ServiceInstance", path = fields.doPath }
  end
end

--- Reads a URL. Raises http.url for one that names no object.
---@param text string
---@return perilune.vim.MobAddress
function mob.parse(text)
  local place = url.parse(text, "the URL")
  local address = client_address(text) or browser_address(text)
  if not address then
    refuse(text, "the URL names no object", "it looks like https://vc.example/mob/?moid=vm-42")
  end
  address.host, address.port = place.host, place.port
  if address.path == "" then
    address.path = nil
  end
  return address
end

local function check_server(connection, address)
  local instance = connection.about.instanceUuid
  if address.instance then
    if address.instance:lower() ~= tostring(instance):lower() then
      err.raise {
        code = "vim.not_found",
        message = ("%s is of another vCenter: %s, not of %s"):format(address.id, address.host, connection.host),
        hint = "ids mean another object there; connect to that one with --target",
      }
    end
  elseif address.host:lower() ~= tostring(connection.host):lower() then
    connection:notice(("the URL is of %s; %s is looked up on %s"):format(address.host, address.id, connection.host))
  end
end

--- The object of a URL, and what the path in it shows. Waits if there is one.
---@param connection perilune.vim.Connection
---@param text string
---@return userdata object
---@return any value  of the property that the URL leads to, if it leads to one
function mob.object(connection, text)
  local address = mob.parse(text)
  check_server(connection, address)
  local type_name, id = moid.read(connection.content, address.type or address.id, address.type and address.id)
  local found = connection.space:object(type_name, id)
  if address.path then
    return found, found:get(address.path)
  end
  return found
end

return mob
