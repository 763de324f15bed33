--- Values as people read them: data objects by their type, rows, lists, on one line where they fit.
---
---     HostCpuInfo { hz = 2294000000, numCpuCores = 2, numCpuPackages = 2, numCpuThreads = 2 }
---
--- What has a text of its own (`__tostring`: objects, times, errors, secrets) is shown by that. A metatable with
--- `__inspect` names what to show instead.
local text = require "perilune.util.text"

local inspect = {}

local WIDTH = 100   -- columns; what is longer takes a line for each part
local DEEPEST = 12  -- tables within tables

local function quoted(value)
  return '"' .. text.visible((value:gsub('[\\"]', "\\%0"):gsub("\n", "\\n"):gsub("\t", "\\t"))) .. '"'
end

local function shown_key(key)
  if type(key) == "string" and key:find "^[%a_][%w_]*$" then
    return key
  end
  return ("[%s]"):format(type(key) == "string" and quoted(key) or tostring(key))
end

--- Where keys stand: the object of a row first, its faults last.
local FIRST, LAST = { ref = 1 }, { missing = 1 }

local function rank(key)
  return FIRST[key] and 0 or LAST[key] and 2 or 1
end

local function comes_before(a, b)
  if rank(a) ~= rank(b) then
    return rank(a) < rank(b)
  elseif type(a) ~= type(b) then
    return type(a) < type(b)
  elseif type(a) == "number" then
    return a < b
  end
  return tostring(a) < tostring(b)
end

local function keys_of(value, length)
  local keys = {}
  for key in next, value do
    local is_item = math.type(key) == "integer" and key >= 1 and key <= length
    if not is_item and key ~= "_typeName" then
      keys[#keys + 1] = key
    end
  end
  table.sort(keys, comes_before)
  return keys
end

local render

local function parts_of(value, indent, open)
  local parts, length = {}, rawlen(value)
  for i = 1, length do
    parts[i] = render(rawget(value, i), indent, open)
  end
  for _, key in ipairs(keys_of(value, length)) do
    parts[#parts + 1] = ("%s = %s"):format(shown_key(key), render(rawget(value, key), indent, open))
  end
  return parts
end

--- One line, or one for each part.
local function lay_out(head, parts, indent)
  if #parts == 0 then
    return head .. "{}"
  end
  local line = ("%s{ %s }"):format(head, table.concat(parts, ", "))
  if text.width(line) + #indent <= WIDTH and not line:find "\n" then
    return line
  end
  local inner = indent .. "  "
  return ("%s{\n%s%s,\n%s}"):format(head, inner, table.concat(parts, ",\n" .. inner), indent)
end

local function render_table(value, indent, open)
  if open[value] or #open >= DEEPEST then
    return "{…}"
  end
  open[value] = true
  open[#open + 1] = value
  local parts = parts_of(value, indent .. "  ", open)
  open[value] = nil
  open[#open] = nil
  local type_name = rawget(value, "_typeName")
  return lay_out(type_name and tostring(type_name) .. " " or "", parts, indent)
end

function render(value, indent, open)
  if type(value) == "string" then
    return quoted(value)
  elseif type(value) ~= "table" then
    return text.visible(tostring(value))
  end
  local meta = getmetatable(value)
  if type(meta) == "table" and meta.__inspect then
    return render(meta.__inspect(value), indent, open)
  elseif meta ~= nil and (type(meta) ~= "table" or meta.__tostring) then
    return text.visible(tostring(value))
  end
  return render_table(value, indent, open)
end

--- A value as text; strings in quotes.
---@param value any
---@return string
function inspect.text(value)
  return render(value, "", {})
end

--- A value as `print` shows it: a string is itself.
---@param value any
---@return string
function inspect.printed(value)
  if type(value) == "table" then
    return render(value, "", {})
  end
  return tostring(value)
end

return inspect
