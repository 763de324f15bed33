--- Compiles schemas into constant C tables without pointers; schema.h says what they hold.
---
---   lua5.4 bindings/schema/compile.lua OUT.c SCHEMA…
---
--- A line of a schema is words: first what it declares, then its name, then what is said of it.

local NONE = 0xFFFF
local BUILTIN = {
  "string", "boolean", "byte", "short", "int", "long", "float", "double", "dateTime", "base64Binary",
  "anyType", "ManagedObjectReference",
}
local KIND = { enum = #BUILTIN, data = #BUILTIN + 1, managed = #BUILTIN + 2 }
local ARRAY, OPTIONAL, SECRET, LINK, LINKABLE, TASK = 1, 2, 4, 8, 16, 32

local services, types, methods = {}, {}, {}

-- Reading.

--- What stands after a name, as `since 5.5 privilege System.View secret`, as a table.
local WITH_VALUE = {
  extends = true, since = true, ["in"] = true, privilege = true, link = true, returns = true, of = true,
}

local function attributes(words, at)
  local found = {}
  while words[at] do
    local word = words[at]
    if WITH_VALUE[word] then at = at + 1 end
    found[word] = words[at]
    at = at + 1
  end
  return found
end

local function held(text, said)
  local name, array, optional = text:match("^([%w_]+)(%[?%]?)(%??)$")
  if not name then error("not a type: " .. text, 0) end
  local flags = (array ~= "" and ARRAY or 0) | (optional ~= "" and OPTIONAL or 0)
  flags = flags | (said.secret and SECRET or 0) | (said.link and LINK or 0)
  return name, flags | (said.linkable and LINKABLE or 0)
end

local service, block, method

local function read_type(words)
  local said = attributes(words, 3)
  block = {
    kind = words[1], name = words[2], base = said.extends, since = said.since, service = service,
    space = said["in"] or service.name, members = {}, fields = {}, methods = {},
  }
  types[#types + 1] = block
  method = nil
end

local function read_field(words, list, outer)
  local said = attributes(words, 4)
  local type, flags = held(words[3], said)
  list[#list + 1] = {
    name = words[2], type = type, flags = flags, privilege = said.privilege,
    since = said.since or outer.since, service = service, space = said["in"] or outer.space,
  }
end

local function read_method(words)
  local said = attributes(words, 3)
  method = {
    name = words[2], owner = block, since = said.since or block.since, privilege = said.privilege,
    flags = 0, task_flags = 0, params = {}, faults = {}, service = service, space = said["in"] or block.space,
  }
  if said.returns then method.result, method.flags = held(said.returns, said) end
  if said.of then method.task_result, method.task_flags = held(said.of, {}) end
  if method.result == "Task" then method.flags = method.flags | TASK end
  table.insert(block.methods, method)
  methods[#methods + 1] = method
end

local READ = {
  source = function(words) service = { source = words[2] .. " " .. words[3], versions = {}, number = {} } end,
  service = function(words)
    service.name, service.urn = words[2], words[3]
    services[#services + 1] = service
  end,
  over = function(words) service.over = words[2] end,
  path = function(words) service.path = words[2] end,
  root = function(words) service.root, service.root_id, service.content = words[2], words[3], words[4] end,
  version = function(words)
    table.insert(service.versions, words[2])
    service.number[words[2]] = #service.versions
  end,
  enum = read_type,
  data = read_type,
  managed = read_type,
  member = function(words) table.insert(block.members, words[2]) end,
  field = function(words) read_field(words, block.fields, block) end,
  property = function(words) read_field(words, block.fields, block) end,
  method = read_method,
  param = function(words) read_field(words, method.params, method) end,
  faults = function(words) method.faults = table.move(words, 2, #words, 1, {}) end,
}

--- How many words a line has at least, and what it must stand in.
local SHAPES = {
  source = { 3 }, service = { 3, "source" }, over = { 2, "service" }, path = { 2, "service" },
  root = { 3, "service" }, version = { 2, "service" },
  enum = { 2, "service" }, data = { 2, "service" }, managed = { 2, "service" },
  member = { 2, "enum" }, field = { 3, "data" }, property = { 3, "managed" }, method = { 2, "managed" },
  param = { 3, "method" }, faults = { 2, "method" },
}

local function is_inside(what)
  return what == nil or what == "source" and service ~= nil or what == "service" and service and service.name ~= nil
    or what == "method" and method ~= nil or block ~= nil and block.kind == what
end

local function read_line(words)
  local shape = SHAPES[words[1]] or error("unknown word " .. words[1], 0)
  if #words < shape[1] then error(("%s takes %d words"):format(words[1], shape[1] - 1), 0) end
  if not is_inside(shape[2]) then error(("%s belongs under a %s"):format(words[1], shape[2]), 0) end
  READ[words[1]](words)
end

local function read_schema(path)
  local number = 0
  service, block, method = nil, nil, nil
  for line in io.lines(path) do
    number = number + 1
    local words = {}
    for word in line:gmatch("%S+") do words[#words + 1] = word end
    if words[1] and words[1]:sub(1, 1) ~= "#" then
      local ok, e = pcall(read_line, words)
      if not ok then error(("%s:%d: %s"):format(path, number, e), 0) end
    end
  end
end

-- Resolving names to numbers. A name is looked for in its own service, then in the one that is under all.

--- The core service has number 0.
local function number_services()
  table.sort(services, function(a, b) return (a.over or "") .. "\n" .. a.name < (b.over or "") .. "\n" .. b.name end)
  for i, s in ipairs(services) do
    if (s.over == nil) ~= (i == 1) or services[s.name] then
      error("one service is under all others, and each is there once: " .. s.name, 0)
    end
    s.index, s.types = i - 1, {}
    services[s.name] = s
  end
end

local built_in = {}
local managed = {} -- name → service: an object is known by the name of its type alone

local function number_type(type, number)
  local known = type.service.types
  if known[type.name] or built_in[type.name] then error("declared twice: " .. type.name, 0) end
  if type.kind == "managed" then
    if managed[type.name] then error(("managed in %s too: %s"):format(managed[type.name], type.name), 0) end
    managed[type.name] = type.service.name
  end
  type.index = number
  known[type.name] = type
end

local function number_types()
  table.sort(types, function(a, b)
    if a.name ~= b.name then return a.name < b.name end
    return a.service.index < b.service.index
  end)
  for i, name in ipairs(BUILTIN) do built_in[name] = i - 1 end
  for i, type in ipairs(types) do number_type(type, #BUILTIN + i - 1) end
end

--- The declared type that a name means in a service.
local function type_of(name, s)
  return s.types[name] or services[1].types[name] or error(("unknown type %s in %s"):format(name, s.name), 0)
end

local function type_number(name, s)
  if not name then return NONE end
  return built_in[name] or type_of(name, s).index
end

local function space_number(of)
  return services[of.space] and services[of.space].index or error("unknown service " .. of.space, 0)
end

local function version(of)
  if not of.since then return 0 end
  return of.service.number[of.since] or error("unknown version " .. of.since, 0)
end

-- Text: one string with every name once, offset 0 being the empty one.

local text, offsets, size = { "" }, { [""] = 0 }, 1

local function offset(name)
  name = name or ""
  if not offsets[name] then
    offsets[name] = size
    text[#text + 1] = name
    size = size + #name + 1
  end
  return offsets[name]
end

local names = {} -- of fields, sorted; and name → number

local function number_names()
  local seen = {}
  local function add(field)
    if not seen[field.name] then
      seen[field.name] = true
      names[#names + 1] = field.name
    end
  end
  for _, type in ipairs(types) do
    for _, field in ipairs(type.fields) do add(field) end
  end
  for _, m in ipairs(methods) do
    for _, param in ipairs(m.params) do add(param) end
  end
  table.sort(names)
  for i, name in ipairs(names) do names[name] = i - 1 end
end

-- Rows of the tables.

local rows = {
  names = {}, name_sizes = {}, types = {}, members = {}, fields = {}, slots = {}, sorted = {}, methods = {},
  by_name = {}, faults = {}, versions = {}, services = {},
}

local function add(name, format, ...)
  local list = rows[name]
  list[#list + 1] = format:format(...)
  return #list - 1
end

local function add_fields(fields)
  local first = #rows.fields
  for _, field in ipairs(fields) do
    field.number = add("fields", "{%d,%d,%d,%d,%d,%d,%d}", offset(field.privilege), names[field.name],
      type_number(field.type, field.service), field.flags, version(field), field.service.index,
      space_number(field))
  end
  return first
end

local function all_fields(type)
  local all = type.base and all_fields(type_of(type.base, type.service)) or {}
  return table.move(type.fields, 1, #type.fields, #all + 1, all)
end

--- Adds the fields of a type in the order of the wire, and their places in the order of their names.
local function add_slots(type)
  if type.kind ~= "data" then return 0, 0 end
  local first, all, places = #rows.slots, all_fields(type), {}
  assert(#all <= 256, type.name .. " has more fields than the encoder keeps track of")
  for i, field in ipairs(all) do
    add("slots", "%d", field.number)
    places[i] = i
  end
  table.sort(places, function(a, b) return names[all[a].name] < names[all[b].name] end)
  for _, place in ipairs(places) do add("sorted", "%d", place - 1) end
  return first, #all
end

local function add_members(type)
  local first = #rows.members
  for _, member in ipairs(type.members) do add("members", "%d", offset(member)) end
  return first
end

local function add_method(m)
  local param, fault = add_fields(m.params), #rows.faults
  for _, name in ipairs(m.faults) do add("faults", "%d", type_number(name, m.service)) end
  return add("methods", "{%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%d}", offset(m.name), offset(m.privilege),
    m.owner.index, param, #m.params, type_number(m.result, m.service),
    type_number(m.task_result, m.service), fault, #m.faults,
    m.flags, m.task_flags, version(m))
end

local function add_type(type)
  local slots, slot_count = add_slots(type)
  local first, count = type.first, #type.fields
  if type.kind == "enum" then first, count = add_members(type), #type.members end
  local method_first = #rows.methods
  for _, m in ipairs(type.methods) do m.number = add_method(m) end
  add("types", "{%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%d}", offset(type.name), first, slots, count, slot_count,
    type_number(type.base, type.service), method_first, #type.methods, KIND[type.kind], version(type),
    type.service.index, space_number(type))
end

local function add_service(s)
  local first = #rows.versions
  for _, name in ipairs(s.versions) do add("versions", "%d", offset(name)) end
  add("services", "{%d,%d,%d,%d,%d,%d,%d,%d,%d}", offset(s.name), offset(s.urn), offset(s.source), offset(s.path),
    offset(s.root), offset(s.root_id), offset(s.content), first, #s.versions)
end

--- A method's name says what it is within its service.
local function add_names_of_methods()
  table.sort(methods, function(a, b)
    if a.name ~= b.name then return a.name < b.name end
    return a.service.index < b.service.index
  end)
  for i, m in ipairs(methods) do
    local before = methods[i - 1]
    if before and before.name == m.name and before.service == m.service then
      error("method declared twice: " .. m.name, 0)
    end
    add("by_name", "%d", m.number)
  end
end

local function add_all()
  for _, name in ipairs(names) do
    assert(#name <= 255, name)
    add("names", "%d", offset(name))
    add("name_sizes", "%d", #name)
  end
  for i, name in ipairs(BUILTIN) do
    add("types", "{%d,0,0,0,0,%d,0,0,%d,0,0,0}", offset(name), NONE, i - 1)
  end
  for _, type in ipairs(types) do type.first = add_fields(type.fields) end
  for _, type in ipairs(types) do add_type(type) end
  add_names_of_methods()
  for _, s in ipairs(services) do add_service(s) end
end

-- Writing.

local function write_text(out)
  out:write("const char peri_tables_text[] =\n")
  for _, name in ipairs(text) do
    assert(not name:find('[%c"\\]'), "a name that C would read otherwise")
    out:write('"', name, '\\0"\n')
  end
  out:write(";\n")
end

local TABLES = {
  { "names", "uint32_t" }, { "name_sizes", "uint8_t" }, { "types", "struct peri_schema_type" },
  { "members", "uint32_t" }, { "fields", "struct peri_schema_field" }, { "slots", "uint16_t" },
  { "sorted", "uint16_t" },
  { "methods", "struct peri_schema_method" }, { "by_name", "uint16_t" }, { "faults", "uint16_t" },
  { "versions", "uint32_t" }, { "services", "struct peri_schema_service" },
}

local COUNTED = { "names", "types", "methods", "services", "members", "fields", "slots", "faults", "versions" }

local function write_table(out, name, type)
  out:write("const ", type, " peri_tables_", name, "[] = {\n")
  for at = 1, #rows[name], 16 do
    out:write(table.concat(rows[name], ",", at, math.min(at + 15, #rows[name])), ",\n")
  end
  if #rows[name] == 0 then out:write("0\n") end
  out:write("};\n")
end

local function write_all(path)
  local out <close> = assert(io.open(path, "w"))
  out:write("/* Generated by bindings/schema/compile.lua. */\n#include \"bindings/schema/schema.h\"\n\n")
  write_text(out)
  for _, described in ipairs(TABLES) do write_table(out, table.unpack(described)) end
  out:write("const struct peri_tables_counts peri_tables_counts = {\n")
  for _, name in ipairs(COUNTED) do
    out:write(("    .%s = %d,\n"):format(name, #rows[name]))
  end
  out:write("};\n")
end

local function main(out, ...)
  if select("#", ...) == 0 then error("usage: compile.lua OUT.c SCHEMA…", 0) end
  for _, path in ipairs { ... } do read_schema(path) end
  number_services()
  number_types()
  number_names()
  add_all()
  write_all(out)
end

main(...)
