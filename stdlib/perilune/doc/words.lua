--- The words that documentation has, by their beginnings: for completion.
local kinds = require "perilune.doc.kinds"
local schema = require "perilune.c.schema"

local words = {}

---@class perilune.doc.Word
---@field text string
---@field note string?

-- Words that stand alone, made once: kinds, types, methods by their bare names.
local alone

local function add_names(list, of)
  for _, name in ipairs(schema.names(of)) do list[#list + 1] = { text = name } end
end

local function make()
  local list = {}
  for _, name in ipairs(kinds.words()) do list[#list + 1] = { text = name, note = "kind" } end
  for _, of in ipairs { "managed", "type", "enum" } do add_names(list, of) end
  for _, full in ipairs(schema.names "method") do
    list[#list + 1] = { text = full:match "[^.]+$", note = full:match "^[^.]+" }
  end
  return list
end

local function fields_of(stem, described)
  local list = {}
  for _, field in ipairs(described.fields or {}) do
    list[#list + 1] = { text = stem .. "." .. field.name, note = field.type }
  end
  return list
end

local function methods_of(list, stem, type_name)
  for _, name in ipairs(schema.methods(type_name)) do
    list[#list + 1] = { text = stem .. "." .. name, note = "method" }
  end
  return list
end

--- What follows the dot of a type's name, or of a property path.
local function members_of(stem)
  local described = schema.type(stem)
  if described then
    local list = fields_of(stem, described)
    return described.kind == "managed" and methods_of(list, stem, stem) or list
  end
  local owner, path = stem:match "^([^.]+)%.(.+)$"
  local root = owner and schema.type(owner)
  local found = root and root.kind == "managed" and schema.property(owner, path)
  local inner = found and schema.type(found.type)
  return inner and inner.kind == "data" and fields_of(stem, inner) or {}
end

--- Fields of a kind, and what its objects can do.
local function members_of_kind(stem)
  local list = kinds.members(stem)
  for _, type_name in ipairs(kinds.types(stem)) do methods_of(list, stem, type_name) end
  return list
end

-- As written with a colon before the last name.
local function with_separator(list, at, separator)
  local changed = {}
  for i, item in ipairs(list) do
    changed[i] = { text = item.text:sub(1, at) .. separator .. item.text:sub(at + 2), note = item.note }
  end
  return changed
end

--- Words that may follow what is written: all that stand alone, or those after its last dot.
---@param word string
---@return perilune.doc.Word[]
function words.beginning(word)
  local stem, separator = word:match "^(.*)([.:])"
  if stem then
    local list = kinds.knows(stem) and members_of_kind(stem) or members_of(stem)
    return separator == "." and list or with_separator(list, #stem, separator)
  end
  alone = alone or make()
  return alone
end

return words
