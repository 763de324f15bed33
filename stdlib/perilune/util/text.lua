--- Text for people: names made safe to print, columns, wrapping, counts and clocks.
local term = require "perilune.c.term"
local units = require "perilune.util.units"

local text = {}

local named = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
-- Code points that steer a terminal or show nothing: C1, zero width, direction marks, line separators.
local unseen = {
  { 0x80, 0x9f }, { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfeff, 0xfeff },
  { 0xfff9, 0xfffb }, { 0xe0000, 0xe007f },
}

local function escaped_byte(byte)
  return named[byte] or ("\\x%02x"):format(byte:byte())
end

local function escaped_rune(rune)
  local code = utf8.codepoint(rune)
  for _, range in ipairs(unseen) do
    if code >= range[1] and code <= range[2] then return ("\\u{%x}"):format(code) end
  end
  return rune
end

-- Escapes the bytes of s that are no UTF-8.
local function repaired(s)
  local parts, from = {}, 1
  repeat
    local count, bad = utf8.len(s, from)
    local stop = count and #s or bad - 1
    parts[#parts + 1] = s:sub(from, stop)
    if bad then parts[#parts + 1] = escaped_byte(s:sub(bad, bad)) end
    from = stop + 2
  until count or from > #s
  return table.concat(parts)
end

--- What came from outside, with control characters and bytes that are no UTF-8 written as escapes.
---@param s any
---@return string
function text.visible(s)
  s = tostring(s)
  if not s:find "[\0-\31\127-\255]" then return s end
  if not utf8.len(s) then s = repaired(s) end
  s = s:gsub("[\0-\31\127]", escaped_byte)
  return (s:gsub("[\194-\244][\128-\191]*", escaped_rune))
end

--- Columns that s takes on a terminal.
---@param s string
---@return integer
function text.width(s)
  return term.text_width(s)
end

--- s and the spaces that fill it to a number of columns.
---@param s string
---@param columns integer
---@return string
function text.pad(s, columns)
  return s .. (" "):rep(columns - term.text_width(s))
end

--- s cut to a number of columns, its end then an ellipsis.
---@param s string
---@param columns integer
---@return string
function text.clip(s, columns)
  if term.text_width(s) <= columns then return s end
  local kept, used = {}, 0
  for _, code in utf8.codes(s) do
    local rune = utf8.char(code)
    used = used + term.text_width(rune)
    if used > columns - 1 then break end
    kept[#kept + 1] = rune
  end
  return table.concat(kept) .. "…"
end

-- The pieces a line may be broken between: items where runs of spaces part them, else words.
local function pieces(s)
  local separator = s:find("%S   +%S") and "   " or " "
  local list = {}
  for piece in (s .. separator):gmatch("(.-)" .. separator .. " *") do
    list[#list + 1] = piece
  end
  return list, separator
end

--- s as lines of at most so many columns, broken between words; a longer word stays whole.
---@param s string
---@param columns integer
---@return string[]
function text.wrap(s, columns)
  if term.text_width(s) <= columns then return { s } end
  local lines, line = {}, nil
  local list, separator = pieces(s)
  for _, piece in ipairs(list) do
    local longer = line and line .. separator .. piece or piece
    if line and term.text_width(longer) > columns then
      lines[#lines + 1], longer = line, piece
    end
    line = longer
  end
  lines[#lines + 1] = line
  return lines
end

--- A number and its noun: "1 step", "2 steps", "2 entries".
---@param n integer
---@param noun string
---@param plural string?
---@return string
function text.count(n, noun, plural)
  return ("%d %s"):format(n, n == 1 and noun or plural or noun .. "s")
end

--- How long something took: "12 ms", "3.0 s", "48 s", "2 min 5 s".
---@param seconds number
---@return string
function text.spent(seconds)
  if seconds < 0.1 then return ("%d ms"):format(math.ceil(seconds * 1000)) end
  if seconds < 9.95 then return ("%.1f s"):format(seconds) end
  return units.format_duration(seconds)
end

--- Seconds as a running clock: "00:41", "1:02:03".
---@param seconds number
---@return string
function text.clock(seconds)
  local whole = math.floor(seconds)
  local hours, minutes = whole // 3600, whole % 3600 // 60
  if hours > 0 then return ("%d:%02d:%02d"):format(hours, minutes, whole % 60) end
  return ("%02d:%02d"):format(minutes, whole % 60)
end

return text
