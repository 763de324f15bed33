--- Sizes and durations as people write them, and as people read them.
local units = {}

---@type table<string, integer> bytes of each unit, by its lower-case name
local BYTES = { b = 1 }
for power, letter in ipairs { "k", "m", "g", "t", "p" } do
  local bytes = 1 << (10 * power)
  BYTES[letter], BYTES[letter .. "b"], BYTES[letter .. "ib"] = bytes, bytes, bytes
end

local SIZES = { "PiB", "TiB", "GiB", "MiB", "KiB", "B" }

---@type table<string, number> seconds of each unit
local SECONDS = { ms = 0.001, s = 1, m = 60, min = 60, h = 3600, d = 86400 }

local LARGEST = 2.0 ^ 63

--- The value as an integer, where it is a whole number that fits.
local function whole(value)
  if math.type(value) == "integer" then
    return value
  elseif value == value and value > -LARGEST and value < LARGEST and value % 1 == 0 then
    return value // 1 | 0
  end
end

local function plain(number)
  return (("%.2f"):format(number):gsub("%.?0+$", ""))
end

local function multiply(number, bytes, shown)
  if math.type(number) == "integer" and number > math.maxinteger // bytes then
    return nil, shown .. " is too large"
  end
  local result = number * bytes
  if result >= LARGEST then
    return nil, shown .. " is too large"
  end
  local exact = whole(result)
  if not exact then
    return nil, shown .. " is no whole number of bytes"
  end
  return exact
end

local function size_of_text(text)
  local digits, unit = text:match "^%s*(%d+%.?%d*)%s*(%a*)%s*$"
  local bytes = unit and BYTES[unit:lower()]
  local shown = ('"%s"'):format(text)
  if digits and unit == "" then
    return nil, shown .. " has no unit", ('write "%sGiB" (or KiB, MiB, TiB)'):format(digits)
  elseif not bytes then
    return nil, shown .. " is no size", ('write "%sGiB" (or KiB, MiB, TiB)'):format(text:match "%d+" or "20")
  end
  return multiply(math.tointeger(digits) or tonumber(digits), bytes, shown)
end

--- How many bytes a size is. Every unit is a power of 1024, whether it is written K, KB or KiB.
---@param value string|number  "20GiB", "1.5 TiB"; a number counts `unit`s
---@param unit string|nil  what a number counts: "MiB", "GiB", …
---@return integer|nil bytes
---@return string|nil problem  what is wrong with the value
---@return string|nil hint  how to write it
function units.size(value, unit)
  if type(value) == "string" then
    return size_of_text(value)
  elseif type(value) ~= "number" then
    return nil, "expected a size", 'write "20GiB" (or KiB, MiB, TiB)'
  elseif not unit then
    return nil, ("%s has no unit"):format(value), ('write "%sGiB" (or KiB, MiB, TiB)'):format(value)
  elseif value < 0 or value ~= value then
    return nil, ("%s is no size"):format(value), 'write "20GiB" (or KiB, MiB, TiB)'
  end
  return multiply(value, BYTES[unit:lower()], ("%s %s"):format(value, unit))
end

local function duration_of_text(text)
  local total, rest = 0, text:gsub("%s+", "")
  if rest == "" then
    return nil
  end
  while rest ~= "" do
    local digits, unit, left = rest:match "^(%d+%.?%d*)(%a+)(.*)$"
    local seconds = unit and SECONDS[unit:lower()]
    if not seconds then
      return nil
    end
    total, rest = total + tonumber(digits) * seconds, left
  end
  return whole(total) or total
end

--- How many seconds a duration is.
---@param value string|number  "30s", "15m", "2h", "1h30m"; a number is seconds
---@return number|nil seconds  an integer where it is whole
---@return string|nil problem
---@return string|nil hint
function units.duration(value)
  local seconds, hint = nil, 'write "30s", "15m" or "2h"'
  if type(value) == "string" then
    seconds = duration_of_text(value)
    value = ('"%s"'):format(value)
  elseif type(value) ~= "number" then
    return nil, "expected a duration", hint
  elseif value >= 0 and value < LARGEST then
    seconds = whole(value) or value
  end
  if not seconds then
    return nil, value .. " is no duration", hint
  end
  return seconds
end

--- A size in the largest unit that shows it exactly with at most two decimals: `4 GiB`, `1.5 TiB`.
---@param bytes integer
---@return string
function units.format_size(bytes)
  for _, name in ipairs(SIZES) do
    local unit = BYTES[name:lower()]
    local hundredths = 100 * bytes / unit
    if bytes >= unit and hundredths % 1 == 0 then
      return plain(bytes / unit) .. " " .. name
    end
  end
  return plain(bytes) .. " B"
end

--- A size rounded to one decimal in the largest unit that it fills, for what is only measured.
---@param bytes number
---@return string
function units.about_size(bytes)
  for _, name in ipairs(SIZES) do
    local unit = BYTES[name:lower()]
    if bytes >= unit then
      return (("%.1f"):format(bytes / unit):gsub("%.0$", "")) .. " " .. name
    end
  end
  return plain(bytes) .. " B"
end

local function two(large, large_name, small, small_name)
  local text = ("%d %s"):format(large, large_name)
  return small > 0 and ("%s %d %s"):format(text, small, small_name) or text
end

--- A duration as a person would say it: `0.4 s`, `48 s`, `2 min 5 s`, `1 h 30 min`, `3 d`.
---@param seconds number
---@return string
function units.format_duration(seconds)
  if seconds < 9.95 then
    return (("%.1f"):format(seconds):gsub("%.0$", "")) .. " s"
  end
  local total = (seconds + 0.5) // 1 | 0
  if total < 60 then
    return ("%d s"):format(total)
  elseif total < 3600 then
    return two(total // 60, "min", total % 60, "s")
  elseif total < 86400 then
    return two(total // 3600, "h", total % 3600 // 60, "min")
  end
  return two(total // 86400, "d", total % 86400 // 3600, "h")
end

return units
