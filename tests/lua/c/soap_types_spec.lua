--- Every type of the API, with every field filled, survives encoding and decoding; every method encodes.
local object = require "perilune.c.object"
local schema = require "perilune.c.schema"
local soap = require "perilune.c.soap"
local t = require "tests.support.spec"
local time = require "perilune.c.time"

local space = object.space()
local vm = space:object("VirtualMachine", "vm-1")

local SCALARS = {
  string = "a<b & c\u{FC}", boolean = false, byte = -5, short = -300, int = 1 << 30, long = 1 << 40,
  float = 0.1, double = 0.1, dateTime = time.parse "2024-02-29T12:00:00.000001Z",
  base64Binary = "\0\xff<", anyType = "any", ManagedObjectReference = vm,
}

-- Values ----------------------------------------------------------------------------------------------------

local subtypes = {} -- data type → one that extends it

for _, name in ipairs(schema.names "type") do
  local base = schema.type(name).base
  if base and not subtypes[base] then subtypes[base] = name end
end

local make_object

--- A value of a declared type, or of one that extends it; objects in it have only what they need.
local function make_value(name, depth)
  local scalar = SCALARS[name]
  if scalar ~= nil then return scalar end
  local type = schema.type(name)
  if type.kind == "enum" then return type.members[#type.members] end
  if type.kind == "managed" then return space:object(name, "x-1") end
  local extending = depth == 0 and subtypes[name] or nil
  local value = make_object(extending or name, false, depth + 1)
  value._typeName = extending
  return value
end

local function make_field(field, depth)
  local value = make_value(field.type, depth)
  if not field.array then return value end
  return { value, make_value(field.type, depth) }
end

--- An object with all its fields, or with the required ones.
function make_object(name, is_full, depth)
  assert(depth < 20, "a type that needs itself: " .. name)
  local value = {}
  for _, field in ipairs(schema.type(name).fields) do
    if is_full or not field.optional then value[field.name] = make_field(field, depth) end
  end
  return value
end

-- There and back --------------------------------------------------------------------------------------------

--- A request and a response of each service that have a field of anyType: the request for a value, the
--- elements around it there and in the response, and the way to it in the result.
local CARRIERS = {
  vim25 = {
    request = function(value)
      return { method = "UpdateOptions", this = space:object("OptionManager", "o"),
        args = { changedValue = { { key = "k", value = value } } } }
    end,
    around = "<changedValue><key>k</key>(.*)</changedValue>",
    response = "QueryOptions", returned = "<returnval>%s</returnval>",
    value = function(result) return result[1].value end,
  },
  pbm = {
    request = function(value)
      return { method = "PbmUpdate", this = space:object("PbmProfileProfileManager", "o"),
        args = { profileId = { uniqueId = "p" }, updateSpec = { constraints = {
          _typeName = "PbmCapabilitySubProfileConstraints", subProfiles = { { name = "s", capability = { {
            id = { namespace = "n", id = "i" },
            constraint = { { propertyInstance = { { id = "k", value = value } } } },
          } } } },
        } } } }
    end,
    around = "<propertyInstance><id>k</id>(.*)</propertyInstance>",
    response = "PbmFetchCapabilityMetadata",
    returned = "<returnval><subCategory>s</subCategory><capabilityMetadata><propertyMetadata>%s"
      .. "</propertyMetadata></capabilityMetadata></returnval>",
    element = "defaultValue",
    value = function(result) return result[1].capabilityMetadata[1].propertyMetadata[1].defaultValue end,
  },
}

local function carrier(name)
  return CARRIERS[schema.type(name) and schema.type(name).service or "vim25"]
end

local function encode(value, of)
  return (soap.request(of.request(value)):match(of.around))
end

local RESPONSE = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
  .. '<MResponse xmlns="urn:S" xmlns:vim25="urn:vim25" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
  .. "%s</MResponse></e:Body></e:Envelope>"

local function decode(text, of)
  local service = of == CARRIERS.pbm and "pbm" or "vim25"
  local d = soap.decoder { space = space, service = service }
  if of.element then text = text:gsub("^<value", "<" .. of.element):gsub("</value>$", "</" .. of.element .. ">") end
  local response = RESPONSE:gsub("MResponse", of.response .. "Response"):gsub("urn:S", "urn:" .. service)
  local returned = of.returned:gsub("%%s", function() return text end)
  d:feed((response:gsub("%%s", function() return returned end)))
  local kind, value = d:finish()
  t.equal(kind, "result")
  return of.value(value)
end

t.test("each data type is the same after encoding, decoding and encoding", function()
  local names = schema.names "type"
  for _, name in ipairs(names) do
    local value, of = make_object(name, true, 0), carrier(name)
    value._typeName = name
    local text = encode(value, of)
    local back = decode(text, of)
    t.equal(encode(back, of), text)
    t.equal(back, value)
  end
  t.is_true(#names >= 3000)
end)

t.test("each list of anyType is the same after encoding, decoding and encoding", function()
  local count = 0
  for _, kind in ipairs { "type", "enum" } do
    for _, name in ipairs(schema.names(kind)) do
      local element = kind == "type" and make_object(name, false, 0) or make_value(name, 0)
      local value = { _typeName = "ArrayOf" .. name, element, element }
      t.equal(decode(encode(value, carrier(name)), carrier(name)), value)
      count = count + 1
    end
  end
  for name, element in pairs(SCALARS) do
    if name ~= "float" then
      local value = { _typeName = "ArrayOf" .. name:gsub("^%l", string.upper), element }
      for _, of in pairs(CARRIERS) do t.equal(decode(encode(value, of), of), value) end
    end
  end
  t.is_true(count >= 3356)
end)

t.test("a scalar of anyType tells the type that it would not be encoded as by itself", function()
  local enum = { _typeName = "VirtualMachinePowerState", value = "poweredOff" }
  for _, value in ipairs { 5, 1 << 40, 0.5, "a", true, vm, SCALARS.dateTime, enum,
    { _typeName = "long", value = 5 }, { _typeName = "short", value = 5 }, { _typeName = "byte", value = -5 },
    { _typeName = "float", value = 0.1 }, { _typeName = "base64Binary", value = "\0\xff" } } do
    for _, of in pairs(CARRIERS) do
      if value ~= enum or of == CARRIERS.vim25 then
        local text = encode(value, of)
        local back = decode(text, of)
        t.equal(back, value)
        t.equal(encode(back, of), text)
      end
    end
  end
end)

t.test("each method encodes with all its parameters, and needs the required ones", function()
  local count = 0
  for _, full in ipairs(schema.names "method") do
    local owner, name = full:match "^(.-)%.(.*)$"
    local args, required = {}, nil
    for _, param in ipairs(schema.method(owner, name).params) do
      args[param.name] = make_field(param, 0)
      if not param.optional then required = param.name end
    end
    local call = { method = name, this = space:object(owner, "o"), args = args }
    t.match(soap.request(call), "</" .. name .. "></soapenv:Body>")
    if required then
      args[required] = nil
      t.equal(t.raises(function() soap.request(call) end, "soap.required").path, required)
    end
    count = count + 1
  end
  t.is_true(count >= 955)
end)
