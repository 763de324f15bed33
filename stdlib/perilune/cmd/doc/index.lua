--- Where a type is used: what extends it, which fields hold it, from which methods and properties one gets there.
---
--- Made from all descriptions of the schema at first use, in some tens of milliseconds.
local schema = require "perilune.c.schema"

local index = {}

---@class perilune.cmd.doc.Use  a place where a type is declared
---@field owner string  type, or method as "Folder:CreateVM_Task"
---@field name string   field, property or parameter
---@field array boolean
---@field kind "field"|"property"|"param"

local types -- name → description
local uses -- type → list of uses
local returned -- type → methods that return it, or whose task does
local extended -- type → those that extend it directly

local function note(map, key, value)
  local list = map[key]
  if not list then
    list = {}
    map[key] = list
  end
  list[#list + 1] = value
end

local function note_fields(owner, fields, kind, first)
  for i = first, #fields do
    local field = fields[i]
    note(uses, field.type, { owner = owner, name = field.name, array = field.array, kind = kind })
  end
end

local function note_method(full)
  local owner, name = full:match "^(.-)%.([^.]*)$"
  local method = schema.method(owner, name)
  local called = owner .. ":" .. name
  note_fields(called, method.params, "param", 1)
  local result = method.task_result or method.result
  if result and result.type ~= "Task" then note(returned, result.type, called) end
end

local function note_type(name)
  local described = schema.type(name)
  types[name] = described
  if described.base then note(extended, described.base, name) end
  if described.kind ~= "enum" then
    local kind = described.kind == "managed" and "property" or "field"
    note_fields(name, described.fields, kind, #described.fields - described.own + 1)
  end
end

local function build()
  if types then return end
  types, uses, returned, extended = {}, {}, {}, {}
  for _, kind in ipairs { "type", "enum", "managed" } do
    for _, name in ipairs(schema.names(kind)) do note_type(name) end
  end
  for _, full in ipairs(schema.names "method") do note_method(full) end
end

local function collect_extending(name, list)
  for _, other in ipairs(extended[name] or {}) do
    list[#list + 1] = other
    collect_extending(other, list)
  end
  return list
end

--- The types that extend one, nearest first, each before what extends it.
---@param name string
---@return string[]
function index.extending(name)
  build()
  return collect_extending(name, {})
end

--- The bases of a type, nearest first.
---@param name string
---@return string[]
function index.bases(name)
  build()
  local list = {}
  local base = types[name] and types[name].base
  while base do
    list[#list + 1] = base
    base = types[base] and types[base].base
  end
  return list
end

-- Bases that say nothing of what a value is.
local VAGUE = { DynamicData = true, anyType = true, MethodFault = true, ManagedObjectReference = true }

--- A type and its bases, but for those that are the base of nearly everything.
local function seen_as(name)
  local list = { name }
  for _, base in ipairs(index.bases(name)) do
    if VAGUE[base] then break end
    list[#list + 1] = base
  end
  return list
end

local MOST_STEPS = 6

local function step(place, ends, found, next_places)
  for _, use in ipairs(uses[place.type] or {}) do
    local path = use.name .. (use.array and "[]" or "") .. (place.path ~= "" and "." .. place.path or "")
    if use.kind == "field" then
      next_places[#next_places + 1] = { type = use.owner, path = path, steps = place.steps + 1 }
    elseif ends[use.kind] then
      found[#found + 1] = { owner = use.owner, path = path, kind = use.kind }
    end
  end
end

--- From which parameters or properties a value of a type is reached, by the shortest ways first.
---@param name string
---@param kind "param"|"property"
---@return { owner: string, path: string }[]
function index.reached(name, kind)
  build()
  local found, places, met, ends = {}, { { type = name, path = "", steps = 0 } }, {}, { [kind] = true }
  while #places > 0 do
    local following = {}
    for _, place in ipairs(places) do
      for _, as in ipairs(place.steps < MOST_STEPS and seen_as(place.type) or {}) do
        if not met[as] then
          met[as] = true
          step({ type = as, path = place.path, steps = place.steps }, ends, found, following)
        end
      end
    end
    places = following
  end
  return found
end

--- The methods that return a type, or whose task does.
---@param name string
---@return string[]  as "Folder:CreateVM_Task"
function index.returning(name)
  build()
  return returned[name] or {}
end

-- Searching ----------------------------------------------------------------------------------------------------

local function matcher(text)
  local words = {}
  for word in text:lower():gmatch "[^%s.:]+" do words[#words + 1] = word end
  return function(name)
    local lower = name:lower()
    for _, word in ipairs(words) do
      if not lower:find(word, 1, true) then return false end
    end
    return #words > 0
  end
end

local function add_members(found, name, described, fits)
  for _, member in ipairs(described.members or {}) do
    if fits(member) then found.members[#found.members + 1] = { name, member } end
  end
end

local function add_fields(found, name, described, fits)
  local fields = described.fields or {}
  for i = #fields - (described.own or 0) + 1, #fields do
    if fits(fields[i].name) then
      local list = described.kind == "managed" and found.properties or found.fields
      list[#list + 1] = { name, fields[i] }
    end
  end
end

--- Everything whose name has all words of a text in it, whatever their case.
---@param text string
---@return { types: string[], methods: string[], properties: table[], fields: table[], members: table[] }
function index.search(text)
  build()
  local fits = matcher(text)
  local found = { types = {}, methods = {}, properties = {}, fields = {}, members = {} }
  for _, kind in ipairs { "managed", "type", "enum" } do
    for _, name in ipairs(schema.names(kind)) do
      if fits(name) then found.types[#found.types + 1] = name end
      add_fields(found, name, types[name], fits)
      add_members(found, name, types[name], fits)
    end
  end
  for _, full in ipairs(schema.names "method") do
    if fits(full:match "[^.]+$") then found.methods[#found.methods + 1] = full end
  end
  return found
end

return index
