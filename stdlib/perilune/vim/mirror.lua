--- A local copy of what a property filter selects, kept from its updates.
---
---     mirror:begin()              all that the filter selects follows: after its creation, and after a gap
---     mirror:apply(update)        an ObjectUpdate: enter, modify, leave
---     mirror:finish()             the whole state was told: it is compared with what was known
---
--- Rows are as `vc:rows` gives them, and never changed in place: who holds one has a state of the past. Each
--- difference is told once, to `changed(ref, before, now)`, whichever way it was learnt. Reports that come late or
--- twice do no harm: they are applied in order, and the last one of a reply is the newest.
local handle = require "perilune.c.object"
local path = require "perilune.vim.path"

local mirror = {}

---@class perilune.vim.Mirror
---@field rows table<userdata, perilune.vim.Row>
---@field count integer  of the rows
---@field private wanted { path: string, steps: perilune.vim.Step[] }[]
---@field private exact table<string, boolean>  the wanted paths, where none lies in another
---@field private changed fun(ref: userdata, before: perilune.vim.Row?, now: perilune.vim.Row?)
---@field private fresh table<userdata, perilune.vim.Row>?  the state that is being told
local Mirror = {}
Mirror.__index = Mirror

--- The paths that neither lie in another one nor contain one.
local function alone(wanted)
  local exact = {}
  for _, one in ipairs(wanted) do
    exact[one.path] = true
    for _, other in ipairs(wanted) do
      if one ~= other and (path.begins(one.steps, other.steps) or path.begins(other.steps, one.steps)) then
        exact[one.path] = nil
      end
    end
  end
  return exact
end

---@param paths string[]
---@param changed fun(ref: userdata, before: perilune.vim.Row?, now: perilune.vim.Row?)
---@return perilune.vim.Mirror
function mirror.new(paths, changed)
  local wanted = {}
  for i, text in ipairs(paths) do
    wanted[i] = { path = text, steps = path.parse(text) }
  end
  return setmetatable({ rows = {}, count = 0, wanted = wanted, exact = alone(wanted), changed = changed }, Mirror)
end

-- Comparing -------------------------------------------------------------------------------------------------

local function is_array(value)
  return value[1] ~= nil or type(value._typeName) == "string" and value._typeName:find "^ArrayOf" ~= nil
end

--- An array without elements, or a data object without fields: as good as unset.
local function is_empty(value)
  if value == nil then
    return true
  elseif type(value) ~= "table" then
    return false
  end
  local key = next(value)
  return key == nil or key == "_typeName" and next(value, key) == nil and is_array(value)
end

--- A type that is the declared one may stand beside a value or not.
local function same_type(a, b)
  return a._typeName == b._typeName or a._typeName == nil or b._typeName == nil
end

local same -- below

local function same_fields(a, b)
  for key, value in pairs(a) do
    if key ~= "_typeName" and not same(value, b[key]) then
      return false
    end
  end
  for key, value in pairs(b) do
    if a[key] == nil and key ~= "_typeName" and not is_empty(value) then
      return false
    end
  end
  return true
end

--- Whether two values are the same to the API.
function same(a, b)
  if rawequal(a, b) or a == b then
    return true
  elseif type(a) ~= "table" or type(b) ~= "table" then
    return is_empty(a) and is_empty(b)
  end
  return is_array(a) == is_array(b) and (is_array(a) or same_type(a, b)) and same_fields(a, b)
    or is_empty(a) and is_empty(b)
end

--- The elements of an array by their keys; nil where they have none, or the same.
local function by_key(list)
  local elements = {}
  for _, element in ipairs(list) do
    local key = type(element) == "table" and element.key or handle.is(element) and element
    if (type(key) == "table" or not key) or elements[key] ~= nil then
      return nil
    end
    elements[key] = element
  end
  return elements
end

local function same_keys(a, b)
  for key in pairs(a) do
    if b[key] == nil then
      return false
    end
  end
  for key in pairs(b) do
    if a[key] == nil then
      return false
    end
  end
  return true
end

local diff -- below

local function diff_arrays(old, new, at, found)
  local before, now = by_key(old), by_key(new)
  if not before or not now or handle.is(old[1]) or handle.is(new[1]) then
    local are_sets = before and now and same_keys(before, now) -- of managed objects, in whatever order
    if not are_sets and not same(old, new) then
      found[at] = { old = old, new = new }
    end
    return
  end
  for key, element in pairs(before) do
    diff(element, now[key], path.element(at, key), found)
  end
  for key, element in pairs(now) do
    if before[key] == nil then
      found[path.element(at, key)] = { new = element }
    end
  end
end

local function diff_fields(old, new, at, found)
  for key, value in pairs(old) do
    if key ~= "_typeName" then
      diff(value, new[key], at .. "." .. key, found)
    end
  end
  for key, value in pairs(new) do
    if key ~= "_typeName" and old[key] == nil then
      diff(nil, value, at .. "." .. key, found)
    end
  end
end

--- Notes where two values differ: as deep as fields and keys of elements lead.
function diff(old, new, at, found)
  if rawequal(old, new) or old == new or is_empty(old) and is_empty(new) then
    return
  elseif type(old) ~= "table" or type(new) ~= "table" then
    found[at] = { old = old, new = new }
  elseif is_array(old) or is_array(new) then
    diff_arrays(old, new, at, found)
  elseif not same_type(old, new) then
    found[at] = { old = old, new = new }
  else
    diff_fields(old, new, at, found)
  end
end

--- How two rows of an object differ: path → old and new. A row that is missing has nothing set.
---@param before perilune.vim.Row?
---@param now perilune.vim.Row?
---@return table<string, { old: any, new: any }>
function Mirror:diff(before, now)
  local found = {}
  for _, wanted in ipairs(self.wanted) do
    local at = wanted.path
    local old, new
    if before then old = before[at] end
    if now then new = now[at] end
    if before and now then
      diff(old, new, at, found)
    elseif old ~= nil or new ~= nil then
      found[at] = { old = old, new = new }
    end
  end
  return found
end

-- Updates -----------------------------------------------------------------------------------------------------

--- An array as it stands in a field, where it is of the declared type.
local function within(val)
  if type(val) ~= "table" or val._typeName == nil or not is_array(val) then
    return val
  end
  local list = {}
  for i, element in ipairs(val) do
    list[i] = element
  end
  return list
end

--- A change as it concerns one wanted path, which it names, or lies in, or contains.
local function apply_to(row, wanted, change, steps)
  local val = change.val
  if change.op == "remove" or change.op == "indirectRemove" then
    val = nil
  end
  if path.begins(steps, wanted.steps) then
    val = #steps > #wanted.steps and within(val) or val
    row[wanted.path] = path.set(row[wanted.path], steps, #wanted.steps + 1, val)
  elseif path.begins(wanted.steps, steps) then
    row[wanted.path] = path.get(val, wanted.steps, #steps + 1)
  else
    return
  end
  if row.missing and row.missing[wanted.path] then
    row.missing[wanted.path] = nil
  end
end

local function apply_change(self, row, change)
  if self.exact[change.name] and not row.missing and change.op == "assign" then
    row[change.name] = change.val
    return
  end
  local steps = path.parse(change.name)
  for _, wanted in ipairs(self.wanted) do
    apply_to(row, wanted, change, steps)
  end
end

local function copy(row)
  local new = {}
  for key, value in pairs(row) do
    new[key] = value
  end
  return new
end

local function note_missing(row, missing_set)
  local missing = copy(row.missing or {})
  for _, entry in ipairs(missing_set) do
    missing[entry.path] = entry.fault
    row[entry.path] = nil
  end
  row.missing = missing
end

--- The row after an update of an object that is there.
local function updated(self, row, update)
  row.missing = row.missing and copy(row.missing)
  for _, change in ipairs(update.changeSet or {}) do
    apply_change(self, row, change)
  end
  if update.missingSet and #update.missingSet > 0 then
    note_missing(row, update.missingSet)
  end
  row.missing = row.missing and next(row.missing) and row.missing or nil
  return row
end

local function put(self, ref, row)
  local before = self.rows[ref]
  self.rows[ref] = row
  self.count = self.count + (row and 1 or 0) - (before and 1 or 0)
  if before or row then
    self.changed(ref, before, row)
  end
end

--- Tells that the whole state follows.
function Mirror:begin()
  self.fresh = {}
end

--- Whether the whole state is being told.
---@return boolean
function Mirror:is_beginning()
  return self.fresh ~= nil
end

--- Takes an ObjectUpdate.
---@param update table
function Mirror:apply(update)
  local ref, rows = update.obj, self.fresh or self.rows
  local row
  if update.kind == "enter" then
    row = updated(self, { ref = ref }, update)
  elseif update.kind == "modify" and rows[ref] then
    row = updated(self, copy(rows[ref]), update)
  elseif update.kind == "modify" then
    return -- late: it has left
  end
  if self.fresh then
    self.fresh[ref] = row
  else
    put(self, ref, row)
  end
end

--- Takes a whole state: what is not in it has left.
---@param fresh table<userdata, perilune.vim.Row>
function Mirror:replace(fresh)
  for ref in pairs(copy(self.rows)) do
    if not fresh[ref] then
      put(self, ref, nil)
    end
  end
  for ref, row in pairs(fresh) do
    local before = self.rows[ref]
    if not before or row.missing or before.missing or next(self:diff(before, row)) then
      put(self, ref, row)
    end
  end
end

--- Tells that the whole state was told.
function Mirror:finish()
  local fresh = self.fresh
  self.fresh = nil
  self:replace(fresh)
end

return mirror
