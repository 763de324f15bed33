--- Writes the text of a service's schema from the type information in the published SDK for Python.
---
---   pip download pyvmomi==9.1.1.0 --no-deps && unzip pyvmomi-*.whl -d pyvmomi
---   lua5.4 bindings/schema/import.lua pyvmomi vim25 > bindings/schema/vim25.schema
---   lua5.4 bindings/schema/import.lua pyvmomi pbm > bindings/schema/pbm.schema
---
--- The first argument is the directory of the unpacked wheel. Nothing is chosen by hand: every enum, data
--- type, managed type, property, method and parameter of the service is taken over. What the source
--- leaves to be known is done here: names become those of the wire, version ids become API versions,
--- links become the keys that travel in their place, and a fault held by a field is localized.

local CORE = "vim25"
local CORE_FILES = { "core", "query", "vim" }

--- What the source does not tell of a service: its file, where it answers, and the object to begin with
--- (type, id, and the method that returns its content).
local SERVICES = {
  vim25 = { path = "/sdk", root = "ServiceInstance ServiceInstance RetrieveServiceContent" },
  pbm = { file = "pbm", path = "/pbm", root = "PbmServiceInstance ServiceInstance PbmRetrieveServiceContent" },
  sms = { file = "sms", path = "/sms/sdk", root = "SmsServiceInstance ServiceInstance" },
  eam = { file = "eam", path = "/eam/sdk", root = "EsxAgentManager EsxAgentManager" },
  vslm = { file = "vslm", path = "/vslm/sdk", root = "VslmServiceInstance ServiceInstance RetrieveContent" },
  vsan = { file = "vsanhealth", path = "/vsanHealth" },
}

--- What a release said of privileges and the next ones left out: method and parameter.
local RESTORED = {
  ["CloneVM_Task.folder"] = "VirtualMachine.Inventory.CreateFromExisting", -- 8.0.3 says so
}

local LINK, LINKABLE, OPTIONAL, SECRET = 1, 2, 4, 8
local CONSTANTS = {
  F_LINK = LINK, F_LINKABLE = LINKABLE, F_OPTIONAL = OPTIONAL, F_SECRET = SECRET, None = false,
}

--- What the source refers to without declaring it, by its name on the wire.
local BUILTIN = {
  string = "string", boolean = "boolean", byte = "byte", short = "short", int = "int", long = "long",
  float = "float", double = "double", anyType = "anyType", void = "void",
  ["vmodl.DateTime"] = "dateTime",
  ["vmodl.Binary"] = "base64Binary",
  ["vmodl.TypeName"] = "string",
  ["vmodl.MethodName"] = "string",
  ["vmodl.PropertyPath"] = "string",
  ["vmodl.ManagedObject"] = "ManagedObjectReference",
}

-- Reading: each declaration of the source is one call on one line, of literals only.

local read_value

local function read_list(text, at, close)
  local list = {}
  while true do
    at = text:match("^[%s,]*()", at)
    if text:sub(at, at) == close then return list, at + 1 end
    list[#list + 1], at = read_value(text, at)
  end
end

local function read_flags(text, at)
  local value
  while true do
    local word, after = text:match("^([%w_]+)%s*()", at)
    local constant = CONSTANTS[word]
    if constant == nil then constant = assert(math.tointeger(word), "unknown word: " .. word) end
    value = value and value | constant or constant
    if text:sub(after, after) ~= "|" then return value, after end
    at = text:match("^%s*()", after + 1)
  end
end

--- Reads one literal (string, list, tuple, None, or flags joined by "|") at a position.
---@return any value, integer after
function read_value(text, at)
  local first = text:sub(at, at)
  if first == '"' then return text:match('^"([^"\\]*)"()', at) end
  if first == "[" then return read_list(text, at + 1, "]") end
  if first == "(" then return read_list(text, at + 1, ")") end
  return read_flags(text, at)
end

local source = { ids = {}, spaces = {}, ancestors = {}, enums = {}, data = {}, managed = {}, wire = {} }
local is_wanted -- whether what is read now is of the service

local function named(record)
  source.wire[record.vmodl] = record.name
  record.is_wanted = is_wanted
  return record
end

local DECLARATIONS = {
  AddVersion = function(id, _, api, _, space)
    source.ids[id] = api:gsub(" ", "_")
    source.spaces[id] = space
  end,
  AddVersionParent = function(id, ancestor)
    local set = source.ancestors[id] or {}
    source.ancestors[id] = set
    set[ancestor] = true
  end,
  CreateEnumType = function(vmodl, name, since, members)
    table.insert(source.enums, named { vmodl = vmodl, name = name, since = since, members = members })
  end,
  CreateDataType = function(vmodl, name, base, since, fields)
    table.insert(source.data, named {
      vmodl = vmodl, name = name, base = base, since = since, fields = fields or {},
    })
  end,
  CreateManagedType = function(vmodl, name, base, since, properties, methods)
    table.insert(source.managed, named {
      vmodl = vmodl, name = name, base = base, since = since,
      properties = properties or {}, methods = methods or {},
    })
  end,
}

local function read_file(path)
  for line in io.lines(path) do
    local call, at = line:match("^(%u[%w]+)%(()")
    if DECLARATIONS[call] then DECLARATIONS[call](table.unpack((read_list(line, at, ")")))) end
  end
end

--- The release, from `version_info = (9, 1, 1, 0)` over several lines.
local function read_release(directory)
  local file <close> = assert(io.open(directory .. "/pyVmomi/__init__.py"))
  local numbers = assert(file:read("a"):match("version_info = %(([^)]*)%)"), "no version_info")
  local parts = {}
  for number in numbers:gmatch("%d+") do parts[#parts + 1] = number end
  return table.concat(parts, ".")
end

-- Versions: the service's own, oldest first; any other counts as the first of them that includes it.

local versions, since_name = {}, {}
local service -- its name

local function is_own(id)
  return source.spaces[id] == service and not id:find "^vmodl%."
end

local function count(set)
  local n = 0
  for id in pairs(set) do n = n + (is_own(id) and 1 or 0) end
  return n
end

local function order_versions()
  for id in pairs(source.ids) do
    if is_own(id) then versions[#versions + 1] = id end
  end
  table.sort(versions, function(a, b) return count(source.ancestors[a]) < count(source.ancestors[b]) end)
  for i, id in ipairs(versions) do
    assert(count(source.ancestors[id]) == i, "versions are not in one line at " .. id)
    for ancestor in pairs(source.ancestors[id]) do
      since_name[ancestor] = since_name[ancestor] or source.ids[id]
    end
  end
end

local function since(id, outer)
  local name = assert(since_name[id], id)
  if outer and since_name[outer] == name then return "" end
  return " since " .. name
end

--- The namespace on the wire is that of the service whose version brought it.
local function space(id, outer)
  local name = source.spaces[id]
  return name == (outer and source.spaces[outer] or service) and "" or " in " .. name
end

-- Writing.

local function wire_name(vmodl)
  return BUILTIN[vmodl] or assert(source.wire[vmodl], "undeclared type " .. vmodl)
end

--- The type that travels where a value of a declared type is held.
local function held(vmodl, flags)
  local element, array = vmodl:match("^(.-)(%[?%]?)$")
  if flags & LINK ~= 0 then
    element = "string"
  elseif element == "vmodl.MethodFault" then
    element = "LocalizedMethodFault"
  else
    element = wire_name(element)
  end
  return element .. array .. (flags & OPTIONAL ~= 0 and "?" or "")
end

local function field_words(field, outer, method)
  local name, vmodl, id, flags, privilege = table.unpack(field)
  local words = { " ", name, " ", held(vmodl, flags), since(id, outer), space(id, outer) }
  privilege = privilege or method and RESTORED[method .. "." .. name]
  if privilege then words[#words + 1] = " privilege " .. privilege end
  if flags & SECRET ~= 0 then words[#words + 1] = " secret" end
  if flags & LINK ~= 0 then words[#words + 1] = " link " .. wire_name((vmodl:gsub("%[%]$", ""))) end
  if flags & LINKABLE ~= 0 then words[#words + 1] = " linkable" end
  return table.concat(words)
end

local function write_enum(out, enum)
  out:write("\nenum ", enum.name, since(enum.since), space(enum.since), "\n")
  for _, member in ipairs(enum.members) do out:write("  member ", member, "\n") end
end

local DYNAMIC = { dynamicType = true, dynamicProperty = true } -- never sent, skipped when read

local function write_data(out, data)
  local base = data.base ~= "vmodl.DataObject" and " extends " .. wire_name(data.base) or ""
  out:write("\ndata ", data.name, base, since(data.since), space(data.since), "\n")
  for _, field in ipairs(data.fields) do
    if not DYNAMIC[field[1]] then out:write("  field", field_words(field, data.since), "\n") end
  end
end

local function write_result(out, result)
  local flags, returned, inner = table.unpack(result)
  if returned == "void" then return end
  out:write(" returns ", held(returned, flags))
  if returned == "vim.Task" and inner ~= "void" then out:write(" of ", held(inner, 0)) end
  if flags & SECRET ~= 0 then out:write(" secret") end
end

local function write_method(out, method, managed)
  local _, name, id, params, result, privilege, faults = table.unpack(method)
  out:write("  method ", name)
  write_result(out, result)
  out:write(since(id, managed.since), privilege and " privilege " .. privilege or "", "\n")
  for _, param in ipairs(params) do out:write("    param", field_words(param, id, name), "\n") end
  local names = {}
  for i, fault in ipairs(faults or {}) do names[i] = wire_name(fault) end
  if #names > 0 then out:write("    faults ", table.concat(names, " "), "\n") end
end

local function write_managed(out, managed)
  local base = managed.base ~= "vmodl.ManagedObject" and " extends " .. wire_name(managed.base) or ""
  out:write("\nmanaged ", managed.name, base, since(managed.since), "\n")
  for _, property in ipairs(managed.properties) do
    out:write("  property", field_words(property, managed.since), "\n")
  end
  for _, method in ipairs(managed.methods) do write_method(out, method, managed) end
end

local HEAD = [[
# The %s API: every enum, data type and managed type, by their names on the wire.
# Generated by import.lua in this folder from pyvmomi %s; not to be edited.
#
# A service is told by its name and XML namespace, the service "over" whose types it is built, the path where
# it answers, and its "root": type and id of the object to begin with, the method that returns its content.
#
# A block is one type. Its members stand in the order of the wire, after those of the type it extends.
# "[]" is an array, "?" optional; "since" is the API version that brought it, where that is not the
# version of what it stands in, and "in" the service whose namespace it travels in, likewise.
# "privilege" is the one needed: on the object of the call for a method, on the object passed for a
# parameter, to read it for a property (System.Read where nothing is said).
# "secret" must not be shown; "link X" is the key of an X; a list marked "linkable" holds what links point to.

source pyvmomi %s
service %s urn:%s
]]

local function write_section(out, records, write)
  table.sort(records, function(a, b) return a.name < b.name end)
  for _, record in ipairs(records) do
    if record.is_wanted then write(out, record) end
  end
end

local function write_head(out, release)
  local said = SERVICES[service]
  out:write(HEAD:format(service, release, release, service, service))
  if service ~= CORE then out:write("over ", CORE, "\n") end
  out:write("path ", said.path, "\n")
  if said.root then out:write("root ", said.root, "\n") end
  for _, id in ipairs(versions) do out:write("version ", source.ids[id], "\n") end
end

local function write_all(out, release)
  write_head(out, release)
  write_section(out, source.enums, write_enum)
  write_section(out, source.data, write_data)
  write_section(out, source.managed, write_managed)
end

--- What the source builds in rather than declares: the roots of all faults, and a fault as a field holds it.
local function declare_faults()
  local first, second = "vmodl.version.version0", "vmodl.version.version1"
  DECLARATIONS.CreateDataType("vmodl.MethodFault", "MethodFault", "vmodl.DynamicData", first, {
    { "faultCause", "vmodl.MethodFault", second, OPTIONAL },
    { "faultMessage", "vmodl.LocalizableMessage[]", second, OPTIONAL },
  })
  DECLARATIONS.CreateDataType("vmodl.RuntimeFault", "RuntimeFault", "vmodl.MethodFault", first)
  DECLARATIONS.CreateDataType("vmodl.LocalizedMethodFault", "LocalizedMethodFault", "vmodl.DynamicData",
    first, { { "fault", "perilune.Fault", first, 0 }, { "localizedMessage", "string", first, OPTIONAL } })
  BUILTIN["perilune.Fault"] = "MethodFault" -- the one field that holds a fault bare
end

local function read_files(directory)
  is_wanted = service == CORE
  declare_faults()
  for _, file in ipairs(CORE_FILES) do read_file(("%s/pyVmomi/_typeinfo_%s.py"):format(directory, file)) end
  is_wanted = true
  local file = SERVICES[service].file
  if file then read_file(("%s/pyVmomi/_typeinfo_%s.py"):format(directory, file)) end
end

local function main(directory, name)
  if not SERVICES[name] then error("usage: import.lua DIRECTORY (of the unpacked wheel) SERVICE", 0) end
  service = name
  read_files(directory)
  order_versions()
  write_all(io.stdout, read_release(directory))
end

main(arg[1], arg[2])
