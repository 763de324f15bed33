--- Documentation of the kinds, made of their schemas.
local columns = require "perilune.util.columns"
local err = require "perilune.err"
local kinds = require "perilune.kind"
local units = require "perilune.util.units"

local doc = {}

--- What every declared resource may say, whatever its kind: name, type, what it is.
doc.common = {
  { "after", "list of handles", "what comes first, where no reference says so" },
  { "absent", "boolean", "true: remove it" },
  { "protect", "boolean", "true: never destroy it" },
  { "ignore", "list of names", "fields that are left to others" },
}

--- The keys of a map, sorted.
---@param map table<string, any>
---@return string[]
function doc.sorted_names(map)
  local names = {}
  for name in pairs(map) do names[#names + 1] = name end
  table.sort(names)
  return names
end

--- A field's type in words: "list of host".
---@param of perilune.schema.Type
---@return string
function doc.type_text(of)
  if of.kind == "list" then
    return of.of.kind == "record" and "list of tables" or "list of " .. doc.type_text(of.of)
  elseif of.kind == "record" then
    return "table"
  elseif of.kind == "map" then
    return "table by name, of " .. doc.type_text(of.of)
  elseif of.kind == "enum" then
    return table.concat(of.members, " | ")
  elseif of.kind == "ref" then
    return table.concat(of.kinds, " or ")
  end
  return of:describe()
end

local function default_text(of)
  local default = of.default_value
  if default == nil or type(default) == "table" or default == "" then return nil end
  if of.kind == "size" then return "default " .. units.format_size(default) end
  if of.kind == "duration" then return "default " .. units.format_duration(default) end
  return "default " .. tostring(default)
end

local function field_row(name, of)
  local parts = { of.doc_text }
  if of.is_required then parts[#parts + 1] = "required" end
  parts[#parts + 1] = default_text(of)
  if of.is_create_only then parts[#parts + 1] = "create-only" end
  return { name, doc.type_text(of), table.concat(parts, "; ") }
end

-- Fields in the order of their names, the required ones first.
local function field_rows(fields)
  local rows = {}
  for _, is_required in ipairs { true, false } do
    for _, name in ipairs(doc.sorted_names(fields)) do
      if fields[name].is_required == is_required then rows[#rows + 1] = field_row(name, fields[name]) end
    end
  end
  return rows
end

local function attribute_rows(kind)
  local rows = {}
  for _, name in ipairs(doc.sorted_names(kind.attributes or {})) do
    local attribute = kind.attributes[name]
    local what = attribute.kind or "value"
    rows[#rows + 1] = { name, attribute.list and "list of " .. what or what, attribute.doc or "" }
  end
  return rows
end

local function append(lines, more)
  table.move(more, 1, #more, #lines + 1, lines)
end

--- All kinds, a line each.
---@param width integer
---@return string[]
function doc.all(width)
  local rows, lines = {}, { "The kinds of resources, as words of a playbook:", "" }
  for _, name in ipairs(doc.sorted_names(kinds)) do
    rows[#rows + 1] = { name, kinds[name].fields and "" or "lookup only", kinds[name].doc }
  end
  append(lines, columns.lines(rows, { indent = 2, width = width }))
  append(lines, {
    "",
    "perilune doc vm                        a kind and its fields",
    "perilune doc vm.disks                  a field",
    "perilune doc VirtualMachineConfigSpec  a type of the vSphere API",
    "perilune doc CloneVM_Task              a method of it",
  })
  return lines
end

local function kind_lines(kind, width)
  local head = kind.fields and '%s "name" { … }   %s' or '%s "name"   %s It is looked up, never created.'
  local lines = { head:format(kind.name, kind.doc) }
  if kind.fields then
    local rows = field_rows(kind.fields.fields)
    table.move(doc.common, 1, #doc.common, #rows + 1, rows)
    append(lines, columns.lines(rows, { indent = 2, width = width }))
  end
  local attributes = attribute_rows(kind)
  if #attributes > 0 then
    lines[#lines + 1] = ('%s("name") has:'):format(kind.name)
    append(lines, columns.lines(attributes, { indent = 2, width = width }))
  end
  return lines
end

-- Where a field's own fields are: those of a list are its elements'.
local function inner_fields(of)
  while of.kind == "list" or of.kind == "map" do of = of.of end
  return of.fields
end

local function no_field(path, name, fields)
  err.raise {
    code = "usage", where = false,
    message = ("%s has no field '%s'"):format(path, name),
    hint = fields and err.suggest(name, fields) or ("perilune doc " .. path),
  }
end

local function find(kind, names)
  local path, of = kind.name, kind.fields
  for _, name in ipairs(names) do
    local fields = of and inner_fields(of)
    local found = fields and fields[name]
    if not found then no_field(path, name, fields) end
    path, of = path .. "." .. name, found
  end
  return of
end

local function field_lines(path, of, width)
  local row = field_row(path, of)
  local lines = columns.lines({ row }, { width = width })
  local fields = inner_fields(of)
  if fields then append(lines, columns.lines(field_rows(fields), { indent = 2, width = width })) end
  return lines
end

--- Whether a word is about a kind: "vm", "vm.disks", "vm.disks[1].size".
---@param word string
---@return boolean
function doc.knows(word)
  return kinds[word:match "^[^.%[]+"] ~= nil
end

-- The names of "vm.disks[1].size", and that without what is in brackets.
local function names_in(word)
  local names, path = {}, word:gsub("%[[^%]]*%]", "")
  for name in path:gmatch "[^.]+" do names[#names + 1] = name end
  return names, path
end

---@param word string
---@param width integer
---@return string[]
function doc.lines(word, width)
  local names, path = names_in(word)
  local kind = kinds[table.remove(names, 1)]
  if #names == 0 then return kind_lines(kind, width) end
  return field_lines(path, find(kind, names), width)
end

local function has(name, words)
  for word in words:lower():gmatch "[^%s.]+" do
    if not name:lower():find(word, 1, true) then return false end
  end
  return true
end

--- The kinds, and fields of kinds, that have all words of a text in their names.
---@param words string
---@return string[][]  name and what it is
function doc.search(words)
  local found = {}
  for _, name in ipairs(doc.sorted_names(kinds)) do
    local kind = kinds[name]
    if has(name, words) then found[#found + 1] = { name, kind.doc } end
    for _, field in ipairs(doc.sorted_names(kind.fields and kind.fields.fields or {})) do
      local of = kind.fields.fields[field]
      if has(field, words) then found[#found + 1] = { name .. "." .. field, doc.type_text(of) } end
    end
  end
  return found
end

--- The whole names of the fields and attributes below a word: "vm.disks" has "vm.disks.size".
---@param stem string
---@return { text: string, note: string }[]
function doc.members(stem)
  local names, list = names_in(stem), {}
  local kind = kinds[table.remove(names, 1)]
  local ok, of = pcall(find, kind, names)
  local fields = ok and of and inner_fields(of) or {}
  for _, name in ipairs(doc.sorted_names(fields)) do
    list[#list + 1] = { text = stem .. "." .. name, note = doc.type_text(fields[name]) }
  end
  return list
end

--- The managed types of a kind's objects.
---@param name string
---@return string[]
function doc.types(name)
  return kinds[name] and kinds[name].types or {}
end

--- What a kind is, in a sentence.
---@param name string
---@return string?
function doc.summary(name)
  return kinds[name] and kinds[name].doc
end

--- The words it knows, for suggestions.
---@return string[]
function doc.words()
  return doc.sorted_names(kinds)
end

return doc
