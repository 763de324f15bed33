--- Documentation of the vSphere API: types, their fields and properties, methods.
local columns = require "perilune.util.columns"
local err = require "perilune.err"
local index = require "perilune.doc.index"
local schema = require "perilune.c.schema"
local text = require "perilune.util.text"

local doc = {}

local MOST_PLACES = 8 -- shown of the ways to a type
local MOST_NAMES = 24 -- shown of the types that extend one

local kind_words = { data = "data object", enum = "enumeration", managed = "managed object" }

local function append(lines, more)
  table.move(more, 1, #more, #lines + 1, lines)
end

local function type_text(field)
  return field.type .. (field.array and "[]" or "") .. (field.optional and "?" or "")
end

local function since(entry)
  return entry.since and "since " .. entry.since or ""
end

-- What is said of a field besides its type; its version where it came later than what it stands in.
local function notes(field, outer)
  local parts = {}
  if field.privilege then parts[#parts + 1] = "privilege " .. field.privilege end
  if field.secret then parts[#parts + 1] = "secret" end
  if field.since ~= outer then parts[#parts + 1] = since(field) end
  return table.concat(parts, "; ")
end

local function field_rows(fields, outer)
  local rows = {}
  for i, field in ipairs(fields) do rows[i] = { field.name, type_text(field), notes(field, outer) } end
  return rows
end

-- Own fields first, then those of each base, nearest first.
local function by_owner(fields)
  local groups, order = {}, {}
  for _, field in ipairs(fields) do
    if not groups[field.owner] then
      groups[field.owner] = {}
      table.insert(order, 1, field.owner)
    end
    table.insert(groups[field.owner], field)
  end
  return groups, order
end

local function field_lines(described, width)
  local groups, order = by_owner(described.fields)
  local lines = {}
  for _, owner in ipairs(order) do
    if owner ~= described.name then lines[#lines + 1] = "  of " .. owner end
    local rows = field_rows(groups[owner], schema.type(owner).since)
    append(lines, columns.lines(rows, { indent = 2, width = width, widest = 44 }))
  end
  return lines
end

local function signature(method)
  local names = {}
  for i, param in ipairs(method.params) do names[i] = param.name .. (param.optional and "?" or "") end
  local line = ("%s{ %s }"):format(method.name, table.concat(names, ", ")):gsub("{  }", "{}")
  if method.result then line = line .. " → " .. type_text(method.result) end
  if method.task_result then line = line .. " → " .. type_text(method.task_result) end
  return line
end

-- A row of names, cut after some of them.
local function cut(names, most)
  if #names <= most then return table.concat(names, " ") end
  return ("%s and %d more"):format(table.concat(names, " ", 1, most), #names - most)
end

-- Places on the way to a type, one a line, cut after some of them.
local function place_rows(places, separator)
  local rows = {}
  for i = 1, math.min(#places, MOST_PLACES) do rows[i] = { places[i].owner .. separator .. places[i].path } end
  if #places > MOST_PLACES then rows[#rows + 1] = { ("and %d more"):format(#places - MOST_PLACES) } end
  return rows
end

local function add_section(lines, title, rows, width)
  if #rows == 0 then return end
  lines[#lines + 1] = " " .. title
  append(lines, columns.lines(rows, { indent = 2, width = width, widest = 60 }))
end

local function param_rows(methods)
  local rows = place_rows(methods, "   ")
  for i = 1, math.min(#methods, MOST_PLACES) do rows[i] = { methods[i].owner, methods[i].path } end
  return rows
end

local function returning_rows(name)
  local methods, rows = schema.returning(name), {}
  for i = 1, math.min(#methods, MOST_PLACES) do rows[i] = { methods[i] } end
  if #methods > MOST_PLACES then rows[#rows + 1] = { ("and %d more"):format(#methods - MOST_PLACES) } end
  return rows
end

-- Where a type is met: what is read, called and returned.
local function use_lines(name, width)
  local lines = {}
  add_section(lines, "read from", place_rows(index.reached(name, "property"), "."), width)
  add_section(lines, "passed to", param_rows(index.reached(name, "param")), width)
  add_section(lines, "returned by", returning_rows(name), width)
  return lines
end

-- What an object passed as a parameter must have, where the schema says so.
local function needed_fields(type_name)
  local described, names = schema.type(type_name), {}
  for _, field in ipairs(described and described.kind == "data" and described.fields or {}) do
    if not field.optional then names[#names + 1] = field.name end
  end
  return #names > 0 and "needs " .. table.concat(names, ", ") or nil
end

local function method_rows(method)
  local rows = field_rows(method.params, method.since)
  for i, param in ipairs(method.params) do
    local needed = needed_fields(param.type)
    if needed then rows[i][3] = rows[i][3] == "" and needed or rows[i][3] .. "; " .. needed end
  end
  return rows
end

local function method_lines(method, width)
  local lines = { ("%s:%s   %s"):format(method.owner, signature(method), since(method)) }
  append(lines, columns.lines(method_rows(method), { indent = 2, width = width, widest = 44 }))
  local rest = {}
  if method.privilege then rest[#rest + 1] = { "privilege", method.privilege .. " on the object itself" } end
  if #method.faults > 0 then rest[#rest + 1] = { "faults", table.concat(method.faults, " ") } end
  append(lines, columns.lines(rest, { indent = 2, width = width }))
  return lines
end

local function enum_lines(described, width)
  local lines = {}
  for _, line in ipairs(text.wrap(table.concat(described.members, " "), width - 2)) do
    lines[#lines + 1] = "  " .. line
  end
  return lines
end

-- Methods with their versions, by the type that declares them: own ones first.
local function methods_by_owner(described)
  local groups, order = {}, {}
  for _, name in ipairs(described.methods) do
    local method = schema.method(described.name, name)
    if not groups[method.owner] then
      groups[method.owner] = {}
      table.insert(order, 1, method.owner)
    end
    local is_later = method.since ~= schema.type(method.owner).since
    table.insert(groups[method.owner], { signature(method), is_later and since(method) or "" })
  end
  return groups, order
end

local function managed_lines(described, width)
  local lines = {}
  if #described.fields > 0 then lines[1] = " properties" end
  append(lines, field_lines(described, width))
  local groups, order = methods_by_owner(described)
  if #order > 0 then lines[#lines + 1] = " methods" end
  for _, owner in ipairs(order) do
    if owner ~= described.name then lines[#lines + 1] = "  of " .. owner end
    append(lines, columns.lines(groups[owner], { indent = 2, width = width, widest = 60 }))
  end
  return lines
end

local bodies = { enum = enum_lines, data = field_lines, managed = managed_lines }

local function head_line(described)
  local words = { described.name, kind_words[described.kind] }
  if described.service ~= "vim25" then words[2] = ("%s of the service %s"):format(words[2], described.service) end
  if described.base then words[2] = words[2] .. ", extends " .. described.base end
  words[3] = described.since and since(described)
  return table.concat(words, "   ")
end

local function type_lines(described, width)
  local lines = { head_line(described) }
  append(lines, bodies[described.kind](described, width))
  local extending = index.extending(described.name)
  if #extending > 0 then add_section(lines, "extended by", { { cut(extending, MOST_NAMES) } }, width) end
  append(lines, use_lines(described.name, width))
  return lines
end

-- The description of a field of a data type, by its name.
local function field_of(described, name)
  for _, field in ipairs(described.fields or {}) do
    if field.name == name then return field end
  end
end

-- A property or field by its whole name, then its type.
local function place_lines(name, field, width)
  local lines = { ("%s   %s   %s"):format(name, type_text(field), notes(field)) }
  local inner = schema.type(field.type)
  if inner then
    lines[#lines + 1] = head_line(inner)
    append(lines, bodies[inner.kind](inner, width))
  end
  return lines
end

local function property_lines(type_name, path, width)
  local field, problem = schema.property(type_name, path)
  if not field then
    local place = problem.good ~= "" and ("%s.%s"):format(type_name, problem.good:gsub("%.$", "")) or type_name
    err.raise {
      code = "usage", where = false,
      message = ("%s has no property or method '%s'"):format(place, problem.part),
      hint = problem.nearest and ('did you mean "%s"?'):format(problem.nearest) or "perilune doc " .. type_name,
    }
  end
  return place_lines(("%s.%s"):format(type_name, path), field, width)
end

-- What is behind the dot of "VirtualMachine.CloneVM_Task", "VirtualMachine.config.name", "VirtualDisk.key".
local function member_lines(described, rest, width)
  if described.kind == "managed" then
    local method = schema.method(described.name, rest)
    if method then return method_lines(method, width) end
    return property_lines(described.name, rest, width)
  end
  local field = field_of(described, rest)
  if field then
    return place_lines(("%s.%s"):format(field.owner, rest), field, width)
  end
  local names = {}
  for i, other in ipairs(described.fields or {}) do names[i] = other.name end
  err.raise {
    code = "usage", where = false, message = ("%s has no field '%s'"):format(described.name, rest),
    hint = err.suggest(rest, names) or "perilune doc " .. described.name,
  }
end

-- The method of a name, which is unique over all types.
local function method_named(wanted)
  for _, full in ipairs(schema.names "method") do
    local owner, name = full:match "^(.-)%.(.*)$"
    if name == wanted then return schema.method(owner, name) end
  end
end

--- What the API has by a name; nil when it has nothing.
---@param word string  "VirtualDisk", "CloneVM_Task", "VirtualMachine.config.hardware.numCPU"
---@param width integer
---@return string[]|nil
function doc.lines(word, width)
  local described = schema.type(word)
  if described then return type_lines(described, width) end
  local name, rest = word:match "^([^.:]+)[.:](.+)$"
  described = name and schema.type(name)
  if described then return member_lines(described, rest, width) end
  local method = method_named(word)
  return method and method_lines(method, width)
end

--- The words it knows, for suggestions: types, and methods by their bare names.
---@return string[]
function doc.words()
  local words = {}
  for _, of in ipairs { "type", "enum", "managed" } do append(words, schema.names(of)) end
  for _, full in ipairs(schema.names "method") do words[#words + 1] = full:match "[^.]+$" end
  return words
end

return doc
