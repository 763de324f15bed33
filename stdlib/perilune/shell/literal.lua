--- Values as Lua that can be pasted back at the prompt.
---
---     { name = "web-01", host = vc:object("HostSystem", "host-21"), disk = vim.VirtualDisk { key = 2000 } }
---
--- What has no form in Lua (functions, what contains itself, secrets) is a comment before `nil`.
local deferred = require "perilune.schema.deferred"
local handle = require "perilune.schema.handle"
local object = require "perilune.c.object"
local schema = require "perilune.c.schema"
local secret = require "perilune.util.secret"
local text = require "perilune.util.text"

local literal = {}

local WIDTH = 100  -- columns; what is longer takes a line for each part
local DEEPEST = 40 -- tables within tables

local KEYWORDS = {}
for word in ("and break do else elseif end false for function goto if in local nil not or repeat return then true "
  .. "until while"):gmatch "%a+" do
  KEYWORDS[word] = true
end

---@param value string
---@return string
function literal.quoted(value)
  return '"' .. text.visible((value:gsub('[\\"]', "\\%0"):gsub("\n", "\\n"))) .. '"'
end

local function nothing(what)
  return ("nil --[[%s]]"):format((text.visible(what):gsub("%]%]", "] ]")))
end

local function number(value)
  if value ~= value then return "0/0" end
  if value == math.huge then return "math.huge" elseif value == -math.huge then return "-math.huge" end
  if math.type(value) == "integer" then
    return value == math.mininteger and "math.mininteger" or ("%d"):format(value)
  end
  local short = ("%.14g"):format(value)
  short = tonumber(short) == value and short or ("%.17g"):format(value)
  return short:find "[%.en]" and short or short .. ".0"
end

local function userdata(value)
  if object.is(value) then
    return ("vc:object(%s, %s)"):format(literal.quoted(object.type(value)), literal.quoted(object.id(value)))
  elseif tostring(value):find "^%d%d%d%d%-%d%d%-%d%dT" then
    return ("time.parse %s"):format(literal.quoted(tostring(value)))
  end
  return nothing(tostring(value))
end

local scalars = {
  string = literal.quoted,
  number = number,
  boolean = tostring,
  userdata = userdata,
  ["nil"] = tostring,
}

--- A key as it stands in a table constructor.
---@param key any
---@return string
function literal.key(key)
  if type(key) == "string" and key:find "^[%a_][%w_]*$" and not KEYWORDS[key] then return key end
  local write = scalars[type(key)]
  return ("[%s]"):format(write and write(key) or nothing(tostring(key)))
end

local function rank(key)
  return key == "ref" and 0 or key == "missing" and 2 or 1
end

local function comes_before(a, b)
  if rank(a) ~= rank(b) then return rank(a) < rank(b) end
  if type(a) ~= type(b) then return type(a) < type(b) end
  if type(a) == "number" then return a < b end
  return tostring(a) < tostring(b)
end

local function keys_of(value, length, typed)
  local keys = {}
  for key in next, value do
    local is_item = math.type(key) == "integer" and key >= 1 and key <= length
    if not is_item and not (typed and key == "_typeName") then keys[#keys + 1] = key end
  end
  table.sort(keys, comes_before)
  return keys
end

local write

local function parts_of(value, indent, open, typed)
  local parts, length = {}, rawlen(value)
  for i = 1, length do parts[i] = write(rawget(value, i), indent, open) end
  for _, key in ipairs(keys_of(value, length, typed)) do
    parts[#parts + 1] = ("%s = %s"):format(literal.key(key), write(rawget(value, key), indent, open))
  end
  return parts
end

local SHORT = 24 -- columns of values that stand in a line together

--- Short values of a list, as many on a line as fit; nil where some are long.
local function filled(parts, indent)
  local lines, line = {}, ""
  for _, part in ipairs(parts) do
    if part:find("[\n{]") or text.width(part) > SHORT then return nil end
    if line ~= "" and text.width(line) + text.width(part) + #indent + 2 > WIDTH then
      lines[#lines + 1], line = line, ""
    end
    line = line == "" and part .. "," or line .. " " .. part .. ","
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n" .. indent)
end

local function lay_out(head, parts, indent, is_list)
  if #parts == 0 then return head .. "{}" end
  local line = ("%s{ %s }"):format(head, table.concat(parts, ", "))
  if not line:find "\n" and text.width(line) + #indent <= WIDTH then return line end
  local inner = indent .. "  "
  local together = is_list and filled(parts, inner)
  if together then return ("%s{\n%s%s\n%s}"):format(head, inner, together, indent) end
  return ("%s{\n%s%s,\n%s}"):format(head, inner, table.concat(parts, ",\n" .. inner), indent)
end

--- The constructor of a data object, where the schema knows its type.
local function constructor(value)
  local name = rawget(value, "_typeName")
  local known = type(name) == "string" and name:find "^[%a_][%w_]*$" and schema.type(name)
  return known and known.name == name and "vim." .. name .. " " or ""
end

local function plain_table(value, indent, open)
  if open[value] then return nothing "a table around this one" end
  if #open >= DEEPEST then return nothing "deeper" end
  open[value], open[#open + 1] = true, value
  local head = constructor(value)
  local parts = parts_of(value, indent .. "  ", open, head ~= "")
  open[value], open[#open] = nil, nil
  return lay_out(head, parts, indent, #parts == rawlen(value))
end

local function of_handle(value, is_owner)
  local record = handle.record(value)
  local name = record.lookup and record.lookup.path or record.name
  return (is_owner and "%s(%s)" or "%s %s"):format(record.kind.name, literal.quoted(name))
end

--- An attribute that was not asked for yet, as it was written: `cluster("C").hosts[1]`.
local function of_deferred(value)
  if handle.is(value) then return of_handle(value, true) end
  local record = deferred.record(value)
  local key = record.key
  return of_deferred(record.of) .. (type(key) == "string" and "." .. key or ("[%s]"):format(key))
end

local function of_table(value, indent, open)
  if handle.is(value) then return of_handle(value) end
  if deferred.is(value) then return of_deferred(value) end
  if secret.is(value) then return nothing "secret" end
  local meta = getmetatable(value)
  if type(meta) == "table" and meta.__inspect then return write(meta.__inspect(value), indent, open) end
  if meta ~= nil and (type(meta) ~= "table" or meta.__tostring) then return nothing(tostring(value)) end
  return plain_table(value, indent, open)
end

function write(value, indent, open)
  if type(value) == "table" then return of_table(value, indent, open) end
  local scalar = scalars[type(value)]
  return scalar and scalar(value) or nothing(tostring(value))
end

--- A value as Lua text, on as many lines as it takes. May wait, where the value has rows that are still to come.
---@param value any
---@return string
function literal.text(value)
  return write(value, "", {})
end

return literal
