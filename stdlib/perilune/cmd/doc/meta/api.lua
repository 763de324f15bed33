--- The vSphere API as LuaCATS: aliases of enumerations, classes of data and managed objects, constructors.
local schema = require "perilune.c.schema"

local api = {}

local SCALARS = {
  string = "string", boolean = "boolean", byte = "integer", short = "integer", int = "integer", long = "integer",
  float = "number", double = "number", dateTime = "perilune.Time", base64Binary = "string", anyType = "any",
  ManagedObjectReference = "perilune.Object",
}

local KEYWORDS = {}
for word in ("and break do else elseif end false for function goto if in local nil not or repeat return then true "
  .. "until while"):gmatch "%a+" do
  KEYWORDS[word] = true
end

--- The class of a type: those of all services have the prefix vim, as their constructors have.
local function class(name)
  return SCALARS[name] or "vim." .. name:gsub(":", ".")
end

local function declared(field)
  return class(field.type) .. (field.array and "[]" or "")
end

local function field_name(field)
  local name = KEYWORDS[field.name] and ('["%s"]'):format(field.name) or field.name
  return name .. (field.optional and "?" or "")
end

--- What else is known of a field or method, as a comment before it.
local function notes(of, outer)
  local parts = {}
  if of.since and of.since ~= outer then parts[#parts + 1] = "since " .. of.since end
  if of.privilege then parts[#parts + 1] = "privilege " .. of.privilege end
  if of.secret then parts[#parts + 1] = "secret" end
  return #parts > 0 and "--- " .. table.concat(parts, "; ") or nil
end

local function add(lines, line)
  lines[#lines + 1] = line
end

local function head(lines, described, base)
  add(lines, "")
  if described.since then add(lines, "--- since " .. described.since) end
  add(lines, ("---@class %s%s"):format(class(described.name), base and " : " .. base or ""))
end

local function add_own_fields(lines, described)
  for i = #described.fields - described.own + 1, #described.fields do
    local field = described.fields[i]
    add(lines, notes(field, described.since))
    add(lines, ("---@field %s %s"):format(field_name(field), declared(field)))
  end
end

local function add_enum(lines, described)
  local members = {}
  for i, member in ipairs(described.members) do members[i] = ('"%s"'):format(member) end
  add(lines, "")
  add(lines, ("---@alias %s %s"):format(class(described.name), table.concat(members, "|")))
end

local function add_data(lines, described)
  head(lines, described, described.base and class(described.base))
  if not described.base then add(lines, "---@field _typeName? string  the type, where it is not the declared one") end
  add_own_fields(lines, described)
end

-- Managed objects --------------------------------------------------------------------------------------------------

local function arguments_class(method)
  return ("%s.%s.Args"):format(class(method.owner), method.name)
end

local function add_arguments(lines, method)
  if #method.params == 0 then return end
  add(lines, "")
  add(lines, "---@class " .. arguments_class(method))
  for _, param in ipairs(method.params) do
    add(lines, notes(param, method.since))
    add(lines, ("---@field %s %s"):format(field_name(param), declared(param)))
  end
end

local function has_required(params)
  for _, param in ipairs(params) do
    if not param.optional then return true end
  end
  return false
end

local function result_of(method)
  if method.is_task then return ": perilune.Task" end
  if not method.result then return "" end
  return (": %s%s"):format(declared(method.result), method.result.optional and "?" or "")
end

local function add_method(lines, method, outer)
  local args = #method.params == 0 and "args?: {}"
    or ("args%s: %s"):format(has_required(method.params) and "" or "?", arguments_class(method))
  add(lines, notes(method, outer))
  add(lines, ("---@field %s fun(self: %s, %s)%s"):format(method.name, class(method.owner), args, result_of(method)))
end

local function add_properties(lines, described)
  local names = {}
  for i, field in ipairs(described.fields) do names[i] = ('"%s"'):format(field.name) end
  if #names == 0 then return "string" end
  add(lines, "")
  add(lines, ("---@alias %s.Property %s|string"):format(class(described.name), table.concat(names, "|")))
  return class(described.name) .. ".Property"
end

local function own_methods(described)
  local own = {}
  for _, name in ipairs(described.methods) do
    local method = schema.method(described.name, name)
    if method.owner == described.name then own[#own + 1] = method end
  end
  return own
end

local function add_managed(lines, described)
  local methods = own_methods(described)
  for _, method in ipairs(methods) do add_arguments(lines, method) end
  local property = add_properties(lines, described)
  head(lines, described, described.base and class(described.base) or "perilune.Object")
  add(lines, ("---@field get fun(self: %s, ...: %s): any ..."):format(class(described.name), property))
  for _, method in ipairs(methods) do add_method(lines, method, described.since) end
end

-- Files ------------------------------------------------------------------------------------------------------------

local ADD = { enum = add_enum, data = add_data, managed = add_managed }

--- One file for each service, sort and first letter: editors skip large files.
local function file_of(described)
  return ("api/%s-%s-%s.lua"):format(described.service, described.kind, described.name:sub(1, 1):upper())
end

--- The lines of each file of types.
---@return table<string, string[]>
function api.files()
  local files = {}
  for _, sort in ipairs { "enum", "type", "managed" } do
    for _, name in ipairs(schema.names(sort)) do
      local described = schema.type(name)
      described.name = name
      local file = file_of(described)
      files[file] = files[file] or { "---@meta _" }
      ADD[described.kind](files[file], described)
    end
  end
  return files
end

--- The module perilune.vim: a constructor for each data type.
---@return string[]
function api.constructors()
  local lines = {
    "---@meta perilune.vim", "",
    "--- Data objects of the API by name: vim.VirtualDisk { key = -1, … }.",
    "---@class perilune.vim",
    "--- What a server has that this schema lacks: see docs/guide/api.md.",
    "---@field unchecked fun(what: table|string|perilune.Object): any",
  }
  for _, name in ipairs(schema.names "type") do
    local field = name:find ":" and ('["%s"]'):format(name) or name
    add(lines, ("---@field %s fun(fields?: %s): %s"):format(field, class(name), class(name)))
  end
  table.move({ "local vim = {}", "", "return vim" }, 1, 3, #lines + 1, lines)
  return lines
end

--- The names of managed types, as a type of their own: for vc:find { type = … }.
---@return string[]
function api.names()
  local names = {}
  for i, name in ipairs(schema.names "managed") do names[i] = ('"%s"'):format(name) end
  return { "---@meta _", "", "---@alias perilune.ManagedType " .. table.concat(names, "|") }
end

return api
