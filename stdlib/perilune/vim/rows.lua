--- Rows: properties of many objects, `for row in vc:rows { type =, props =, where = } do`.
local collector = require "perilune.vim.collector"
local err = require "perilune.err"
local glob = require "perilune.util.glob"
local handle = require "perilune.c.object"
local inventory = require "perilune.vim.inventory"
local moid = require "perilune.vim.moid"
local names = require "perilune.util.names"
local schema = require "perilune.c.schema"
local text = require "perilune.util.text"

local rows = {}

---@class perilune.vim.RowsOptions
---@field type string?  a managed type; those that extend it are meant too
---@field props string[]?  property paths; the name if absent
---@field where table<string, any>?  path → value, glob, or function(value) → boolean
---@field objects userdata[]?  instead of all that are in the inventory
---@field root userdata?  to look below a folder, datacenter, compute resource or pool only
---@field unchecked boolean?  send property paths that the schema lacks, or that are newer than the server
---@field page integer?  rows for the server to send at once; it may send fewer

-- Conditions ----------------------------------------------------------------------------------------------

local function text_test(wanted)
  local fits = glob.test(wanted)
  return function(value)
    return type(value) == "string" and (value == wanted or fits(value) or fits(names.unescape(value)))
  end
end

local function test_of(wanted)
  if type(wanted) == "function" then
    return wanted
  elseif type(wanted) == "string" then
    return text_test(wanted)
  end
  return function(value) return value == wanted end
end

local function always()
  return true
end

--- A test for rows.
---@param where table<string, any>?
---@return fun(row: perilune.vim.Row): boolean
function rows.test(where)
  if not where or next(where) == nil then
    return always
  end
  local tests = {}
  for path, wanted in pairs(where) do
    tests[path] = test_of(wanted)
  end
  return function(row)
    for path, test in pairs(tests) do
      if not test(row[path]) then
        return false
      end
    end
    return true
  end
end

-- What is asked -------------------------------------------------------------------------------------------

local KNOWN = { "type", "props", "where", "objects", "root", "page", "unchecked" }

local function example(word)
  return ('write vc:%s { type = "VirtualMachine", … }'):format(word)
end

--- Refuses options that a function does not have.
---@param options any
---@param known string[]
---@param word string  the function's name
function rows.check_options(options, known, word)
  if type(options) ~= "table" then
    err.raise { code = "argument", message = word .. " takes a table of options", hint = example(word) }
  end
  local has = {}
  for _, name in ipairs(known) do
    has[name] = true
  end
  for name in pairs(options) do
    if not has[name] then
      err.raise {
        code = "argument",
        message = ("%s has no option %q"):format(word, tostring(name)),
        hint = err.suggest(tostring(name), known),
      }
    end
  end
end

local function check_objects(objects)
  if type(objects) ~= "table" then
    err.raise { code = "argument", message = "objects is a list of objects" }
  end
  for i, ref in ipairs(objects) do
    if not handle.is(ref) then
      err.raise { code = "argument", message = ("objects[%d] is no managed object"):format(i) }
    end
  end
end

--- The paths wanted and those of the conditions, each once.
local function paths_of(options, type_name)
  local has, all = {}, {}
  local function add(path)
    if not has[path] then
      has[path] = true
      all[#all + 1] = path
    end
  end
  for _, path in ipairs(options.props or { schema.property(type_name, "name") and "name" }) do
    add(path)
  end
  local conditions = {}
  for path in pairs(options.where or {}) do
    conditions[#conditions + 1] = path
  end
  table.sort(conditions)
  for _, path in ipairs(conditions) do
    add(path)
  end
  return all
end

--- One PropertyFilterSpec for each type among some objects.
local function filters_of(objects, options)
  local by_type, filters, seen = {}, {}, {}
  for _, ref in ipairs(objects) do
    local type_name = handle.type(ref)
    local filter = by_type[type_name]
    if not filter then
      filter = { propSet = { { type = type_name, pathSet = paths_of(options, type_name) } }, objectSet = {} }
      filter.reportMissingObjectsInResults = true
      by_type[type_name] = filter
      filters[#filters + 1] = filter
    end
    if not seen[ref] then
      seen[ref] = true
      table.insert(filter.objectSet, { obj = ref })
    end
  end
  return filters
end

--- What stands for the row of an object that is gone: each path is missing.
local function gone(ref, paths)
  local missing = {}
  for _, path in ipairs(paths) do
    missing[path] = { _typeName = "ManagedObjectNotFound", obj = ref }
  end
  return { ref = ref, missing = missing }
end

--- Rows of objects as they come; the server leaves out objects that are gone: their rows come last.
local function each_of(connection, options)
  local filters = filters_of(options.objects, options)
  if #filters == 0 then
    return function() end
  end
  local next_row, _, _, reader = collector.each(connection, {
    spec_set = filters,
    page = options.page,
    unchecked = options.unchecked,
  })
  local seen, at_filter, at_object = {}, 1, 0
  local function next_gone()
    while filters[at_filter] do
      at_object = at_object + 1
      local object = filters[at_filter].objectSet[at_object]
      if not object then
        at_filter, at_object = at_filter + 1, 0
      elseif not seen[object.obj] then
        connection.lookup:forget(object.obj)
        return gone(object.obj, filters[at_filter].propSet[1].pathSet)
      end
    end
  end
  return function()
    local row = next_row and next_row()
    if row then
      seen[row.ref] = true
      return row
    end
    next_row = nil
    return next_gone()
  end, reader
end

local function each_below(connection, options)
  local root = options.root or connection.content.rootFolder
  local next_row, _, _, reader = collector.each(connection, {
    spec_set = { inventory.filter(root, { [options.type] = paths_of(options, options.type) }) },
    page = options.page,
    unchecked = options.unchecked,
  })
  return next_row, reader
end

-- Rows ----------------------------------------------------------------------------------------------------

---@class perilune.vim.Rows  what `vc:rows` gives: called by `for`, or used as a list
---@field private reader perilune.vim.Reader?
---@field private list perilune.vim.Row[]?  all rows, once they are wanted as a list
---@field props string[]?  what was asked for
local Rows = {}

local function pull(self)
  local next_row, fits = rawget(self, "next_row"), rawget(self, "fits")
  while true do
    local row = next_row()
    if row == nil or fits(row) then
      return row
    end
  end
end

--- All rows as a list. Waits; sends nothing when asked again.
---@return perilune.vim.Row[]
local function all(self)
  local list = rawget(self, "list")
  if not list then
    list = {}
    for row in pull, self do
      list[#list + 1] = row
    end
    rawset(self, "list", list)
  end
  return list
end

function Rows:__call()
  return pull(self)
end

function Rows:__index(key)
  if key == "all" then
    return all
  end
  return all(self)[key]
end

function Rows:__len()
  return #all(self)
end

function Rows:__pairs()
  return pairs(all(self))
end

--- Shown by what is in it; that may have to be read first.
Rows.__inspect = all

--- The text itself must not wait: nothing is read for it.
function Rows:__tostring()
  local list = rawget(self, "list")
  return list and text.count(#list, "row") or "rows to come"
end

function Rows:__close()
  local reader = rawget(self, "reader")
  if reader then
    reader:close()
  end
end

--- Rows of all objects of a type, or of some objects: `for row in vc:rows { type =, props =, where = } do`, or a list
--- of them.
---@param connection perilune.vim.Connection
---@param options perilune.vim.RowsOptions
---@return perilune.vim.Rows
---@return nil
---@return nil
---@return perilune.vim.Rows  closed when a loop over it ends
function rows.rows(connection, options)
  rows.check_options(options, KNOWN, "rows")
  local next_row, reader
  if options.objects then
    check_objects(options.objects)
    next_row, reader = each_of(connection, options)
  elseif type(options.type) == "string" then
    moid.check_type(options.type)
    next_row, reader = each_below(connection, options)
  else
    err.raise { code = "argument", message = "rows wants to know the type, or the objects", hint = example "rows" }
  end
  local made = setmetatable({
    next_row = next_row, reader = reader, fits = rows.test(options.where), props = options.props,
  }, Rows)
  return made, nil, nil, made
end

--- Rows of some objects, in the order of these. Of one that is gone everything is in `missing`.
---@param connection perilune.vim.Connection
---@param options { objects: userdata[], props: string[]?, page: integer? }
---@return perilune.vim.Row[]
function rows.get_many(connection, options)
  rows.check_options(options, { "objects", "props", "page" }, "get_many")
  local by_ref, list = {}, {}
  check_objects(options.objects)
  for row in each_of(connection, options) do
    by_ref[row.ref] = row
  end
  for i, ref in ipairs(options.objects) do
    list[i] = by_ref[ref]
  end
  return list
end

return rows
