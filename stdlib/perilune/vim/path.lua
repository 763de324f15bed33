--- Property paths as updates name them: `config.hardware.device[4000].backing`, `config.extraConfig["k"].value`.
---
--- A parsed path is a list of steps: a string is a field, a table `{ key = … }` an element of an array. Values are
--- never changed in place: `path.set` returns a new value that shares with the old one all that is equal, so that
--- whoever holds the old value keeps it.
local handle = require "perilune.c.object"

local path = {}

---@alias perilune.vim.Step string | { key: string|integer }

local function read_key(text, at)
  local key, stop = text:match('^"(.-)"%]()', at)
  if key then
    return key, stop
  end
  key, stop = text:match("^([^%]]*)%]()", at)
  return math.tointeger(tonumber(key)) or key, stop
end

--- The steps of a path.
---@param text string
---@return perilune.vim.Step[]
function path.parse(text)
  local steps, at = {}, 1
  while at <= #text do
    local field, stop = text:match("^%.?([^%.%[]+)()", at)
    if field then
      steps[#steps + 1], at = field, stop
    else
      local key
      key, at = read_key(text, at + 1)
      if not at then
        break -- a bracket that is not closed selects nothing
      end
      steps[#steps + 1] = { key = key }
    end
  end
  return steps
end

--- The path of an element of an array.
---@param array string  its path
---@param key string|integer
---@return string
function path.element(array, key)
  return math.type(key) == "integer" and ("%s[%d]"):format(array, key) or ('%s["%s"]'):format(array, key)
end

local function equal_steps(a, b)
  if type(a) == "table" and type(b) == "table" then
    return tostring(a.key) == tostring(b.key)
  end
  return a == b
end

--- Whether a path is another one, or begins with it.
---@param whole perilune.vim.Step[]
---@param first perilune.vim.Step[]
---@return boolean
function path.begins(whole, first)
  if #first > #whole then
    return false
  end
  for i, step in ipairs(first) do
    if not equal_steps(step, whole[i]) then
      return false
    end
  end
  return true
end

--- What identifies an element of an array: the key of a data object, the id of a managed object, or itself.
---@param element any
---@return any  nil where nothing does
function path.key(element)
  if type(element) == "table" then
    return element.key
  elseif handle.is(element) then
    return handle.id(element)
  end
  return element
end

local function index_of(list, key)
  local wanted = tostring(key)
  for i, element in ipairs(list) do
    local own = path.key(element)
    if own == key or own ~= nil and tostring(own) == wanted then
      return i
    end
  end
end

--- What a value holds at the steps of a path from one of them on.
---@param value any
---@param steps perilune.vim.Step[]
---@param at integer  the first step to take
---@return any
function path.get(value, steps, at)
  for i = at, #steps do
    if type(value) ~= "table" then
      return nil
    end
    local step = steps[i]
    if type(step) == "table" then
      value = value[index_of(value, step.key)]
    else
      value = value[step]
    end
  end
  return value
end

local function copy(value)
  local new = {}
  for key, part in pairs(value) do
    new[key] = part
  end
  return new
end

local function with_element(list, index, element)
  local new = copy(list)
  if element == nil then
    if index then
      table.remove(new, index)
    end
  else
    new[index or #new + 1] = element
  end
  return new
end

local set -- below: it and the two that follow take turns

local function set_element(list, steps, at, val)
  if type(list) ~= "table" then
    list = nil
  end
  local is_last = at == #steps
  local index = list and index_of(list, steps[at].key)
  if not index and (not is_last or val == nil) then
    return list -- of an element that is gone: a late report
  end
  local old = index and list[index]
  local new = set(old, steps, at + 1, val)
  if rawequal(new, old) then
    return list
  end
  return with_element(list or {}, index, new)
end

local function set_field(value, steps, at, val)
  if type(value) ~= "table" then
    value = nil
  end
  local old = value and value[steps[at]]
  local new = set(old, steps, at + 1, val)
  if rawequal(new, old) then
    return value
  end
  local changed = value and copy(value) or {}
  changed[steps[at]] = new
  return changed
end

--- The value with something else at the steps of a path from one of them on; nil unsets a field and takes an
--- element out of its array. Elements that are not there yet come last.
---@param value any
---@param steps perilune.vim.Step[]
---@param at integer  the first step to take
---@param val any
---@return any
function set(value, steps, at, val)
  local step = steps[at]
  if step == nil then
    return val
  elseif type(step) == "table" then
    return set_element(value, steps, at, val)
  end
  return set_field(value, steps, at, val)
end

path.set = set

return path
