--- Finding objects and reading rows of them: `vc:find`, `vc:find_one`, `vc:rows`.
local collector = require "perilune.vim.collector"
local err = require "perilune.err"
local inventory = require "perilune.vim.inventory"
local names = require "perilune.util.names"

local query = {}

local CANDIDATES = 10 -- shown of an ambiguous name

--- A pattern of * and ? as a Lua pattern.
local function pattern_of(glob)
  local pattern = glob:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".")
  return "^" .. pattern .. "$"
end

local function fits_text(value, pattern, wanted)
  return value == wanted or value:match(pattern) ~= nil or names.unescape(value):match(pattern) ~= nil
end

--- A test for rows: path → value, glob, or function(value).
local function test_of(where)
  local tests = {}
  for path, wanted in pairs(where or {}) do
    if type(wanted) == "function" then
      tests[path] = wanted
    elseif type(wanted) == "string" then
      local pattern = pattern_of(wanted)
      tests[path] = function(value) return type(value) == "string" and fits_text(value, pattern, wanted) end
    else
      tests[path] = function(value) return value == wanted end
    end
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

local function add_missing(paths, more)
  local has, all = {}, {}
  for _, list in ipairs { paths or {}, more } do
    for _, path in ipairs(list) do
      if not has[path] then
        has[path] = true
        all[#all + 1] = path
      end
    end
  end
  return all
end

local function paths_of(where)
  local paths = {}
  for path in pairs(where or {}) do
    paths[#paths + 1] = path
  end
  table.sort(paths)
  return paths
end

-- Rows ----------------------------------------------------------------------------------------------------

---@class perilune.vim.Rows  what `vc:rows` gives: called by `for`, or indexed as a list
---@field private reader perilune.vim.Reader
---@field private list perilune.vim.Row[]?  all rows, once they are wanted as a list
local Rows = {}

local function pull(self)
  local next_row = rawget(self, "next_row")
  local fits = rawget(self, "fits")
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

function Rows:__close()
  rawget(self, "reader"):close()
end

local function check_options(options, word)
  if type(options) ~= "table" or type(options.type) ~= "string" then
    err.raise {
      code = "argument",
      message = word .. " wants to know the type",
      hint = ('write vc:%s { type = "VirtualMachine", … }'):format(word),
    }
  end
end

--- Rows of all objects of a type: `for row in vc:rows { type =, props =, where = } do`, or a list of them.
---@param connection perilune.vim.Connection
---@param options { type: string, props: string[]?, where: table?, root: userdata?, page: integer? }
---@return perilune.vim.Rows
---@return nil
---@return nil
---@return perilune.vim.Rows  closed when a loop over it ends
function query.rows(connection, options)
  check_options(options, "rows")
  local paths = add_missing(options.props, paths_of(options.where))
  local root = options.root or connection.content.rootFolder
  local next_row, _, _, reader = collector.each(connection, {
    spec_set = { inventory.filter(root, { [options.type] = paths }) },
    page = options.page,
  })
  local rows = setmetatable({ next_row = next_row, reader = reader, fits = test_of(options.where) }, Rows)
  return rows, nil, nil, rows
end

-- Objects -------------------------------------------------------------------------------------------------

local function where_of(options)
  local where = { name = options.name }
  for path, wanted in pairs(options.where or {}) do
    where[path] = wanted
  end
  return where
end

--- The objects of a type, those of a name or glob only if one is given.
---@param connection perilune.vim.Connection
---@param options { type: string, name: string?, where: table?, root: userdata? }
---@return userdata[]
function query.find(connection, options)
  check_options(options, "find")
  local found = {}
  local wanted = { type = options.type, where = where_of(options), root = options.root }
  for row in query.rows(connection, wanted) do
    found[#found + 1] = row.ref
  end
  return found
end

--- Where an object lies, for a message: its inventory path.
local function path_of(ref, rows)
  local parts = {}
  while rows[ref] and rows[ref].parent do
    table.insert(parts, 1, names.unescape(rows[ref].name))
    ref = rows[ref].parent
  end
  return names.join(parts)
end

local function candidates(connection, found)
  local rows = {}
  for _, row in ipairs(inventory.read(connection, { ManagedEntity = { "name", "parent" } })) do
    rows[row.ref] = row
  end
  local lines = {}
  for i = 1, math.min(#found, CANDIDATES) do
    lines[i] = ("%s (%s)"):format(path_of(found[i], rows), tostring(found[i]))
  end
  if #found > CANDIDATES then
    lines[#lines + 1] = ("and %d more"):format(#found - CANDIDATES)
  end
  return table.concat(lines, "\n")
end

local function known_names(connection, type_name)
  local list = {}
  for row in query.rows(connection, { type = type_name, props = { "name" } }) do
    list[#list + 1] = row.name and names.unescape(row.name)
  end
  return list
end

local function describe(options)
  return options.name and ("%s %q"):format(options.type, options.name) or options.type
end

--- The one object that fits. Raises vim.not_found with the nearest name, vim.ambiguous with the candidates.
---@param connection perilune.vim.Connection
---@param options { type: string, name: string?, where: table?, root: userdata? }
---@return userdata
function query.find_one(connection, options)
  local found = query.find(connection, options)
  if #found == 1 then
    return found[1]
  elseif #found == 0 then
    err.raise {
      code = "vim.not_found",
      message = ("there is no %s"):format(describe(options)),
      hint = options.name and err.suggest(options.name, known_names(connection, options.type)),
    }
  end
  err.raise {
    code = "vim.ambiguous",
    message = ("%d objects fit %s"):format(#found, describe(options)),
    detail = candidates(connection, found),
    hint = "say more in where = {…}, or look below a root = folder",
  }
end

return query
