--- Where a type is used: what extends it, which fields hold it, from which methods and properties one gets there.
local schema = require "perilune.c.schema"

local index = {}

local function collect_extending(name, list)
  for _, other in ipairs(schema.extending(name)) do
    list[#list + 1] = other
    collect_extending(other, list)
  end
  return list
end

--- The types that extend one, nearest first, each before what extends it.
---@param name string
---@return string[]
function index.extending(name)
  return collect_extending(name, {})
end

--- The bases of a type, nearest first.
---@param name string
---@return string[]
function index.bases(name)
  local list, base = {}, schema.base(name)
  while base do
    list[#list + 1] = base
    base = schema.base(base)
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
  for _, use in ipairs(schema.uses(place.type)) do
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

-- Searching ----------------------------------------------------------------------------------------------------

local function words_of(text)
  local words = {}
  for word in text:lower():gmatch "[^%s.:]+" do words[#words + 1] = word end
  return words
end

local function matcher(words)
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
  local words = words_of(text)
  local fits = matcher(words)
  local found = { types = {}, methods = {}, properties = {}, fields = {}, members = {} }
  for _, kind in ipairs { "managed", "type", "enum" } do
    for _, name in ipairs(schema.holding(kind, table.unpack(words))) do
      local described = schema.type(name)
      if fits(name) then found.types[#found.types + 1] = name end
      add_fields(found, name, described, fits)
      add_members(found, name, described, fits)
    end
  end
  for _, full in ipairs(schema.names "method") do
    if fits(full:match "[^.]+$") then found.methods[#found.methods + 1] = full end
  end
  return found
end

return index
