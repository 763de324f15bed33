--- Documentation of the vSphere API: types, their fields and properties, methods.
local columns = require "perilune.util.columns"
local err = require "perilune.err"
local schema = require "perilune.c.schema"
local text = require "perilune.util.text"

local doc = {}

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

local function method_lines(method, width)
  local lines = { ("%s:%s   %s"):format(method.owner, signature(method), since(method)) }
  append(lines, columns.lines(field_rows(method.params, method.since), { indent = 2, width = width, widest = 44 }))
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

local function managed_lines(described, width)
  local lines = { " properties" }
  append(lines, field_lines(described, width))
  lines[#lines + 1] = " methods"
  local rows = {}
  for i, name in ipairs(described.methods) do rows[i] = { signature(schema.method(described.name, name)) } end
  append(lines, columns.lines(rows, { indent = 2, width = width }))
  return lines
end

local bodies = { enum = enum_lines, data = field_lines, managed = managed_lines }

local function type_lines(described, width)
  local base = described.base and ", extends " .. described.base or ""
  local lines = { ("%s   %s%s   %s"):format(described.name, kind_words[described.kind], base, since(described)) }
  append(lines, bodies[described.kind](described, width))
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
  if inner then append(lines, type_lines(inner, width)) end
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
