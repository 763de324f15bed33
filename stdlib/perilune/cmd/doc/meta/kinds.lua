--- The words of playbooks as LuaCATS: the kinds with their fields and attributes.
local kinds = require "perilune.kind"

local meta = {}

local function sorted(map)
  local names = {}
  for name in pairs(map) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function add(lines, line)
  lines[#lines + 1] = line
end

local type_of

local function handles(names)
  local parts = {}
  for i, name in ipairs(names) do parts[i] = "perilune.handle." .. name end
  return table.concat(parts, "|") .. "|string"
end

local function members(names)
  local parts = {}
  for i, name in ipairs(names) do parts[i] = ('"%s"'):format(name) end
  return table.concat(parts, "|")
end

--- Classes are written for tables in tables: `place` is what such a class is called after.
local WRITERS = {
  string = function() return "string" end,
  boolean = function() return "boolean" end,
  integer = function() return "integer" end,
  number = function() return "number" end,
  size = function() return "string|integer" end,
  duration = function() return "string|number" end,
  any = function() return "any" end,
  enum = function(of) return members(of.members) end,
  ref = function(of) return handles(of.kinds) end,
  list = function(of, place, lines) return ("(%s)[]"):format(type_of(of.of, place, lines)) end,
  map = function(of, place, lines) return ("table<string, %s>"):format(type_of(of.of, place, lines)) end,
}

local function add_class(lines, name, fields, base)
  local own = { ("---@class %s%s"):format(name, base and " : " .. base or "") }
  for _, field in ipairs(sorted(fields)) do
    local of = fields[field]
    local place = ("%s.%s"):format(name, field)
    add(own, of.doc_text and ("--- %s%s"):format(of.doc_text, of.is_required and "; required" or "") or nil)
    add(own, ("---@field %s? %s"):format(field, type_of(of, place, lines)))
  end
  add(lines, "")
  table.move(own, 1, #own, #lines + 1, lines)
end

function type_of(of, place, lines)
  if of.kind == "record" then
    add_class(lines, place, of.fields)
    return place
  end
  return WRITERS[of.kind](of, place, lines)
end

local function add_handle(lines, kind)
  local name = "perilune.handle." .. kind.name
  add(lines, "")
  add(lines, ("---@class %s : perilune.Handle"):format(name))
  if kind.fields then add(lines, ("---@overload fun(fields: perilune.fields.%s): %s"):format(kind.name, name)) end
  for _, attribute in ipairs(sorted(kind.attributes or {})) do
    local said = kind.attributes[attribute]
    local class = said.kind and "perilune.handle." .. said.kind or "any"
    add(lines, said.doc and "--- " .. said.doc or nil)
    add(lines, ("---@field %s %s%s"):format(attribute, class, said.list and "[]" or ""))
  end
end

local function add_word(lines, kind)
  add(lines, "")
  add(lines, "--- " .. kind.doc)
  add(lines, "---@param name string")
  add(lines, "---@return perilune.handle." .. kind.name)
  add(lines, ("function %s(name) end"):format(kind.name))
end

--- The lines of the file of all kinds.
---@return string[]
function meta.lines()
  local lines = { "---@meta _" }
  for _, name in ipairs(sorted(kinds)) do
    local kind = kinds[name]
    if kind.fields then add_class(lines, "perilune.fields." .. name, kind.fields.fields, "perilune.Fields") end
    add_handle(lines, kind)
    add_word(lines, kind)
  end
  return lines
end

return meta
