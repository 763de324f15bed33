--- How results look: rows as columns, objects by kind, name, id and a few facts, errors as everywhere, and all else
--- as Lua that can be pasted back.
---
--- Printing asks the server for the rows of `vc:rows`, which are what was asked for, and for the facts of managed
--- objects: one request, whatever their number. The line below rows and objects says how many requests that were.
local deferred = require "perilune.schema.deferred"
local err = require "perilune.err"
local facts = require "perilune.shell.facts"
local grid = require "perilune.shell.grid"
local handle = require "perilune.schema.handle"
local known = require "perilune.shell.known"
local literal = require "perilune.shell.literal"
local object = require "perilune.c.object"
local secret = require "perilune.util.secret"
local text = require "perilune.util.text"

local print = {}

---@class perilune.shell.Page  a value as text
---@field head string|nil  titles, shown above every part
---@field lines string[]
---@field noun string  what a line is, where there are too many
---@field foot string|nil

---@class perilune.shell.PrintOptions
---@field width integer
---@field vc perilune.vim.Connection|nil
---@field spent (fun(): integer, number)|nil  requests and seconds of the line so far

--- How long vSphere tasks took that were waited for, by their info: it is not to grow when it is shown again.
local took = setmetatable({}, { __mode = "k" })

local function split(s)
  local lines = {}
  for line in (s .. "\n"):gmatch "(.-)\n" do lines[#lines + 1] = line end
  return lines
end

local function page(s)
  return { lines = split(s), noun = "line" }
end

--- "2 rows, 1 request, 4 ms"
local function foot(count, noun, options)
  if not options.spent then return text.count(count, noun) end
  local requests, seconds = options.spent()
  return ("%s, %s, %s"):format(text.count(count, noun), text.count(requests, "request"), text.spent(seconds))
end

-- Rows --------------------------------------------------------------------------------------------------------

local function is_row(value)
  return type(value) == "table" and object.is(rawget(value, "ref"))
end

local function is_list_of(value, test)
  if type(value) ~= "table" or #value == 0 or (getmetatable(value) ~= nil and not getmetatable(value).__inspect) then
    return false
  end
  for i = 1, math.min(#value, 20) do
    if not test(value[i]) then return false end
  end
  return true
end

local function by_name(a, b)
  if (a == "name") ~= (b == "name") then return a == "name" end
  return a < b
end

--- The properties that rows have: those that were asked for, in that order, or all by name.
local function titles_of(rows, wanted)
  if wanted and #wanted > 0 then return table.move(wanted, 1, #wanted, 1, {}) end
  local seen, titles = {}, {}
  for _, row in ipairs(rows) do
    for name in pairs(row) do
      if not seen[name] and name ~= "ref" and name ~= "missing" and type(name) == "string" then
        seen[name] = true
        titles[#titles + 1] = name
      end
    end
  end
  table.sort(titles, by_name)
  return titles
end

local function cell_of(row, title)
  local fault = row.missing and row.missing[title]
  if row[title] == nil and fault then return ("(%s)"):format(fault._typeName or "missing") end
  return row[title]
end

local function rows_page(rows, wanted, options)
  local titles = titles_of(rows, wanted)
  local has_name = false
  for _, title in ipairs(titles) do has_name = has_name or title == "name" end
  if not has_name then table.insert(titles, 1, "ref") end
  local cells = {}
  for i, row in ipairs(rows) do
    cells[i] = {}
    known.learn(row.ref, row.name)
    for k, title in ipairs(titles) do cells[i][k] = cell_of(row, title) end
  end
  local head, lines = grid.lines(titles, cells, options.width)
  return { head = #rows > 0 and head or nil, lines = lines, noun = "row", foot = foot(#rows, "row", options) }
end

-- Objects -----------------------------------------------------------------------------------------------------

local function one_object(about)
  if about.is_gone then return ("%s (%s)   is gone"):format(about.type, about.id) end
  local head = about.name and ("%s %s (%s)"):format(about.type, about.name, about.id)
    or ("%s (%s)"):format(about.type, about.id)
  return #about.facts == 0 and head or head .. "   " .. table.concat(about.facts, "  ")
end

local function connection_of(ref)
  return object.space(ref).connection
end

local function object_page(ref, options)
  local vc = connection_of(ref)
  if not vc then return page(("%s   of a connection that is closed"):format(text.visible(tostring(ref)))) end
  return page(text.clip(one_object(facts.of(vc, { ref })[ref]), options.width))
end

local function objects_page(list, options)
  local vc = connection_of(list[1])
  if not vc then return page(literal.text(list)) end
  local about, lines, widest = facts.of(vc, list), {}, 0
  for _, ref in ipairs(list) do widest = math.max(widest, text.width(about[ref].name or "")) end
  for i, ref in ipairs(list) do
    local entry = about[ref]
    if entry.name then entry.name = text.pad(entry.name, math.min(widest, 40)) end
    lines[i] = text.clip(one_object(entry), options.width)
  end
  return { lines = lines, noun = "object", foot = foot(#list, "object", options) }
end

-- What else has a form of its own -----------------------------------------------------------------------------

local function is_task_info(value)
  local ref = rawget(value, "task")
  return ref ~= nil and object.is(ref) and object.type(ref) == "Task" and type(rawget(value, "state")) == "string"
end

local function task_info_page(info, options)
  if not took[info] and options.spent then took[info] = select(2, options.spent()) end
  local line = "TaskInfo " .. info.state
  if took[info] then line = ("%s in %s"):format(line, text.spent(took[info])) end
  if info.result ~= nil then line = line .. "   result = " .. literal.text(info.result) end
  return page(line)
end

local function is_vsphere_task(value)
  local ref = rawget(value, "ref")
  return object.is(ref) and object.type(ref) == "Task" and rawget(value, "waiting") ~= nil
end

local function task_page(vtask)
  local call, info = vtask.call, vtask.info or {}
  local words = { ("Task %s (%s)"):format(call.method or "", object.id(vtask.ref)) }
  local whose = object.is(call.object) and (known.name(call.object) or tostring(call.object))
  words[#words + 1] = whose or info.entityName
  words[#words + 1] = info.state or "started"
  if info.state == "running" and info.progress then words[#words + 1] = info.progress .. " %" end
  return page(text.visible(table.concat(words, "   ")))
end

local function table_page(value, options)
  if is_vsphere_task(value) then return task_page(value) end
  if is_task_info(value) then return task_info_page(value, options) end
  if is_list_of(value, object.is) then return objects_page(value, options) end
  if is_list_of(value, is_row) then return rows_page(value, nil, options) end
  return page(literal.text(value))
end

--- Something with a metatable of its own: rows that are still to come, or what has a text.
local function special_page(value, meta, options)
  if type(meta) == "table" and meta.__inspect then
    local wanted, list = rawget(value, "props"), meta.__inspect(value)
    if #list == 0 or is_list_of(list, is_row) then return rows_page(list, wanted, options) end
    return table_page(list, options)
  elseif is_vsphere_task(value) then
    return task_page(value)
  end
  return page(text.visible(tostring(value)))
end

local function is_special(value, meta)
  return meta ~= nil and (type(meta) ~= "table" or meta.__tostring ~= nil or meta.__inspect ~= nil)
end

--- A value as text. May wait, and asks the server for what the head of this file says.
---@param value any
---@param options perilune.shell.PrintOptions
---@return perilune.shell.Page
function print.page(value, options)
  if object.is(value) then return object_page(value, options) end
  if type(value) ~= "table" then return page(literal.text(value)) end
  if err.is(value) then return page(text.visible(tostring(value))) end
  if deferred.is(value) then return print.page(deferred.plain(value), options) end
  if secret.is(value) then return page "(secret)" end
  if handle.is(value) then return page(literal.text(value)) end
  local meta = getmetatable(value)
  if is_special(value, meta) then return special_page(value, meta, options) end
  return table_page(value, options)
end

--- The lines of a page from one on, cut to a limit.
---@param shown perilune.shell.Page
---@param first integer
---@param limit integer|nil
---@return string text  its last line ended
---@return integer|nil rest  the first line that is left
function print.part(shown, first, limit)
  local last = math.min(#shown.lines, limit and first + limit - 1 or #shown.lines)
  local parts = { shown.head }
  table.move(shown.lines, first, last, #parts + 1, parts)
  local left = #shown.lines - last
  if left > 0 then
    parts[#parts + 1] = ("… %s more; more() shows them"):format(text.count(left, shown.noun))
  end
  if shown.foot and first == 1 then parts[#parts + 1] = shown.foot end
  return table.concat(parts, "\n") .. "\n", left > 0 and last + 1 or nil
end

--- A value as text, whole or cut.
---@param value any
---@param options { width: integer, limit: integer|nil, vc: table|nil, spent: function|nil }
---@return string
function print.value(value, options)
  return (print.part(print.page(value, options), 1, options.limit))
end

return print
