--- Searching the names of the vSphere API and of the kinds, for perilune doc.
local columns = require "perilune.util.columns"
local index = require "perilune.doc.index"
local kinds = require "perilune.doc.kinds"
local schema = require "perilune.c.schema"

local search = {}

local MOST = 12 -- shown of each sort

local kind_words = { data = "data object", enum = "enumeration", managed = "managed object" }

local function typed(field)
  return field.type .. (field.array and "[]" or "") .. (field.optional and "?" or "")
end

local function type_row(name)
  local described = schema.type(name)
  return { name, kind_words[described.kind], described.since and "since " .. described.since or "" }
end

local function method_row(full)
  local method = schema.method(full:match "^(.-)%.([^.]*)$")
  return { (full:gsub("%.([^.]*)$", ":%1")), method.since and "since " .. method.since or "" }
end

local function field_row(found)
  return { found[1] .. "." .. found[2].name, typed(found[2]) }
end

local function member_row(found)
  return { found[1], found[2] }
end

local function kind_row(found)
  return { found[1], found[2] }
end

-- Those whose name is the text first, then those that begin with it, shorter ones before longer.
local function rank(rows, text)
  local wanted, places = text:lower(), {}
  for i, row in ipairs(rows) do
    local name = row[1]:match("[^.:]+$"):lower()
    local at = name == wanted and 0 or name:find(wanted, 1, true) == 1 and 1 or 2
    places[row] = at * 1000000 + #row[1] * 1000 + i / #rows
  end
  table.sort(rows, function(a, b) return places[a] < places[b] end)
end

local function add_rows(lines, title, found, row_of, options)
  if #found == 0 then return end
  local rows = {}
  for i, one in ipairs(found) do rows[i] = row_of(one) end
  rank(rows, options.text)
  local rest = #rows - MOST
  for i = #rows, MOST + 1, -1 do rows[i] = nil end
  lines[#lines + 1] = ("%s (%d)"):format(title, #found)
  table.move(columns.lines(rows, { indent = 2, width = options.width, widest = 70 }), 1, #rows, #lines + 1, lines)
  if rest > 0 then lines[#lines + 1] = ("  and %d more"):format(rest) end
end

--- What has all words of a text in its name; nil if nothing has.
---@param text string
---@param width integer
---@return string[]|nil
function search.lines(text, width)
  local lines, found, options = {}, index.search(text), { width = width, text = text }
  add_rows(lines, "words of a playbook", kinds.search(text), kind_row, options)
  add_rows(lines, "types", found.types, type_row, options)
  add_rows(lines, "methods", found.methods, method_row, options)
  add_rows(lines, "properties", found.properties, field_row, options)
  add_rows(lines, "fields", found.fields, field_row, options)
  add_rows(lines, "members of enumerations", found.members, member_row, options)
  if #lines == 0 then return nil end
  lines[#lines + 1] = "More words find less; a whole name tells all of it: perilune doc NAME"
  return lines
end

return search
