--- What a plan compares, read for all resources at once: properties in one call, tags beside it.
local scope = require "perilune.util.scope"
local tags = require "perilune.vim.tags"

local facts = {}

---@class perilune.plan.Reads
local Reads = {}
Reads.__index = Reads

---@param destroy boolean  whether the plan destroys: then it matters who else uses what
---@return perilune.plan.Reads
function facts.reads(destroy)
  return setmetatable({ destroy = destroy, by_type = {}, categories = {}, tagged = {}, used = {} }, Reads)
end

--- Asks for properties of an object; those of one type are read together.
function Reads:properties(ref, type_name, paths)
  if not ref then return end
  local wanted = self.by_type[type_name]
  if not wanted then
    wanted = { refs = {}, seen = {}, paths = {}, has = {} }
    self.by_type[type_name] = wanted
  end
  if not wanted.seen[ref] then
    wanted.seen[ref] = true
    wanted.refs[#wanted.refs + 1] = ref
  end
  for _, path in ipairs(paths) do
    if not wanted.has[path] then
      wanted.has[path] = true
      wanted.paths[#wanted.paths + 1] = path
    end
  end
end

--- Asks for a tag category and the tags in it.
function Reads:category(name)
  self.categories[name] = true
end

--- Asks which tags an object has.
function Reads:attached(ref)
  self.tagged[#self.tagged + 1] = ref
end

--- Asks which objects have a tag of a category.
function Reads:tag_users(name)
  self.used[name] = true
end

local function filter_specs(reads)
  local specs = {}
  for type_name, wanted in pairs(reads.by_type) do
    local objects = {}
    for i, ref in ipairs(wanted.refs) do
      objects[i] = { obj = ref }
    end
    table.sort(wanted.paths)
    local properties = { type = type_name, pathSet = wanted.paths }
    specs[#specs + 1] = { propSet = { properties }, objectSet = objects }
  end
  table.sort(specs, function(a, b) return a.propSet[1].type < b.propSet[1].type end)
  return specs
end

local function read_properties(vc, reads)
  local specs = filter_specs(reads)
  local by_ref = {}
  for _, row in ipairs(#specs > 0 and vc:retrieve { spec_set = specs } or {}) do
    by_ref[row.ref] = row
  end
  return by_ref
end

local function read_category(vc, category)
  local by_name = {}
  for _, tag in ipairs(tags.of_category(vc, category.id)) do
    by_name[tag.name] = tag
  end
  category.tags = by_name
  return category
end

local function read_categories(vc, wanted)
  if next(wanted) == nil then return {} end
  local found, by_name = {}, {}
  for _, category in ipairs(tags.categories(vc)) do
    if wanted[category.name] then found[#found + 1] = category end
  end
  for _, category in ipairs(scope.parallel(8, found, function(category) return read_category(vc, category) end)) do
    by_name[category.name] = category
  end
  return by_name
end

local function used_tags(categories, used)
  local ids = {}
  for name in pairs(used) do
    for _, tag in pairs(categories[name] and categories[name].tags or {}) do
      ids[#ids + 1] = tag.id
    end
  end
  table.sort(ids)
  return ids
end

local function read_tags(vc, reads)
  local categories = read_categories(vc, reads.categories)
  local ids = used_tags(categories, reads.used)
  return {
    categories = categories,
    attached = next(categories) and #reads.tagged > 0 and tags.attached(vc, reads.tagged) or {},
    users = #ids > 0 and tags.users(vc, ids) or {},
  }
end

---@class perilune.plan.Facts
local Facts = {}
Facts.__index = Facts

--- Carries the reads out. Waits; the number of requests does not depend on how many objects were asked for.
---@return perilune.plan.Facts
function facts.read(vc, reads)
  local found = scope.all {
    function() return read_properties(vc, reads) end,
    function() return read_tags(vc, reads) end,
  }
  return setmetatable({ rows = found[1], tags = found[2] }, Facts)
end

--- The properties read of an object; nil when it is gone.
function Facts:of(ref)
  return self.rows[ref]
end

--- A tag category with its tags by name; nil when there is none of that name.
function Facts:category(name)
  return self.tags.categories[name]
end

--- The ids of the tags an object has.
---@return string[]
function Facts:tags_on(ref)
  return self.tags.attached[ref] or {}
end

--- The objects that have a tag.
---@return userdata[]
function Facts:users(tag_id)
  return self.tags.users[tag_id] or {}
end

return facts
