--- Run by build/services/perilune, which has six services: every method of them can be called, and a name means
--- what it means in the service of the call. Prints what was seen, a word and a number a line.
local object = require "perilune.c.object"
local schema = require "perilune.c.schema"
local soap = require "perilune.c.soap"
local time = require "perilune.c.time"
local vim = require "perilune.vim"

local space = object.space()

local SCALARS = {
  string = "text", boolean = true, byte = 1, short = 1, int = 1, long = 1, float = 0.5, double = 0.5,
  dateTime = time.from_unix(0), base64Binary = "bytes", anyType = "any",
  ManagedObjectReference = space:object("VirtualMachine", "vm-1"),
}

local function value_of(name)
  if SCALARS[name] ~= nil then return SCALARS[name] end
  local described = schema.type(name)
  if described.kind == "enum" then return described.members[1] end
  if described.kind == "managed" then return space:object(name, "o") end
  local value = {}
  for _, field in ipairs(described.fields) do
    if not field.optional then value[field.name] = field.array and { value_of(field.type) } or value_of(field.type) end
  end
  return value
end

local function request_of(full)
  local owner, name = full:match "^(.-)%.([^.]*)$"
  local method, args = schema.method(owner, name), {}
  for _, param in ipairs(method.params) do
    args[param.name] = param.array and { value_of(param.type) } or value_of(param.type)
  end
  return soap.request { method = name, this = space:object(owner, "o"), args = args }, method
end

local counts = {}
for _, full in ipairs(schema.names "method") do
  local body, method = request_of(full)
  assert(body:find(('<%s xmlns="urn:%s"'):format(method.name, method.service), 1, true), full)
  counts[method.service] = (counts[method.service] or 0) + 1
end
for _, service in ipairs(schema.services()) do print(service.name, counts[service.name]) end

--- What an answer of a service holds, where a fault of a name is in it.
local function decoded(service, xml)
  local d = soap.decoder { space = space, service = service }
  d:feed('<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:i='
    .. '"http://www.w3.org/2001/XMLSchema-instance"><e:Body><e:Fault><faultstring/><detail>' .. xml
    .. "</detail></e:Fault></e:Body></e:Envelope>")
  local _, value = d:finish()
  return value.fault
end

local URL = '<f i:type="InvalidUrl"><url>u</url><malformedUrl>true</malformedUrl></f>'
assert(decoded("eam", URL).malformedUrl == true)   -- a boolean of its schema
assert(decoded("sms", URL).malformedUrl == "true") -- unknown there, kept as it is
assert(schema.is_a("eam:InvalidUrl", "EamFault") and not schema.is_a("sms:InvalidUrl", "EamFault"))
assert(schema.is_a("sms:InvalidUrl", "ProviderRegistrationFault"))
assert(vim["sms:InvalidUrl"] {}._typeName == "InvalidUrl")
local twice = {}
for _, name in ipairs(schema.names "type") do
  if name:find ":" then twice[#twice + 1] = name end
end
print(table.concat(twice, " "))
