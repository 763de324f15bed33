--- The graph of references: which resources and lookups a resource names in its fields.
local deferred = require "perilune.schema.deferred"
local handle = require "perilune.schema.handle"
local path_of = require "perilune.schema.path"

---@class perilune.schema.Reference
---@field target table  the resource or lookup
---@field path string  where it is named: "nics[1].network", "after[2]"

--- The keys of what may hold references.
local function sorted(value)
  local keys = {}
  for key, inner in pairs(value) do
    if type(inner) == "table" then keys[#keys + 1] = key end
  end
  if #keys < 2 then return keys end
  table.sort(keys, function(a, b)
    if math.type(a) == math.type(b) then return a < b end
    return math.type(a) ~= nil
  end)
  return keys
end

local function walk(value, path, found)
  if deferred.is(value) then
    value = deferred.root(value)
  end
  if handle.is(value) then
    local target = handle.target(value)
    if target then found[#found + 1] = { target = target, path = path } end
  elseif type(value) == "table" then
    for _, key in ipairs(sorted(value)) do
      walk(value[key], path_of.join(path, key), found)
    end
  end
end

--- Every resource and lookup that a resource names in its fields or its `after`, in the order of the paths.
---@param resource { fields: table, after: table|nil }
---@return perilune.schema.Reference[]
return function(resource)
  local found = {}
  walk(resource.fields, "", found)
  walk(resource.after or {}, "after", found)
  return found
end
