--- Finding objects: `vc:find "/DC0/vm/.../web-*"`, `vc:find_one { type =, name = }`, `vc:get(path, property…)`.
---
---     a path            finder.lua: a number of requests that depends on the path alone
---     a name and type   lookup.lua: all names of the type, read once
---     wildcards, where  rows.lua: one read of what the conditions are about
local collector = require "perilune.vim.collector"
local err = require "perilune.err"
local fault = require "perilune.vim.fault"
local finder = require "perilune.vim.finder"
local glob = require "perilune.util.glob"
local handle = require "perilune.c.object"
local inventory = require "perilune.vim.inventory"
local moid = require "perilune.vim.moid"
local names = require "perilune.util.names"
local path = require "perilune.vim.inventory_path"
local rows = require "perilune.vim.rows"
local schema = require "perilune.c.schema"

local query = {}

local CANDIDATES = 10 -- shown of an ambiguous name

---@class perilune.vim.Search
---@field path string?  in the inventory; a relative one begins at `root`, or anywhere it can
---@field type string?  a managed type; those that extend it are meant too
---@field name string?  may have wildcards
---@field where table<string, any>?  path → value, glob, or function(value) → boolean
---@field root userdata|string?  to look below a folder, datacenter, compute resource or pool only

local KNOWN = { "path", "type", "name", "where", "root" }

-- What is looked for --------------------------------------------------------------------------------------

--- A word is a path, or the name of something.
local function read_word(word)
  return word:find "/" and { path = word } or { name = word, type = "ManagedEntity" }
end

local function root_of(connection, root, word)
  if type(root) == "string" then
    return query.find_one(connection, root)
  elseif root ~= nil and not handle.is(root) then
    err.raise { code = "argument", message = word .. ": root is an object or the path of one" }
  end
  return root
end

---@return perilune.vim.Search
local function read(connection, what, word)
  if type(what) == "string" then
    return read_word(what)
  end
  rows.check_options(what, KNOWN, word)
  if what.type == nil and what.path == nil and what.name == nil then
    err.raise {
      code = "argument",
      message = word .. " wants to know what to look for: path, type or name",
      hint = ('write vc:%s "/DC0/vm/web-01", or vc:%s { type = "VirtualMachine", … }'):format(word, word),
    }
  elseif what.path and what.name then
    err.raise { code = "argument", message = word .. " takes a path or a name, and a path ends with the name" }
  end
  local search = { path = what.path, type = what.type, name = what.name, where = what.where }
  if search.type then
    moid.check_type(search.type)
  elseif not search.path then
    search.type = "ManagedEntity"
  end
  search.root = root_of(connection, what.root, word)
  return search
end

--- What is looked for, for a message.
local function describe(search)
  if search.path then
    return ("%s%q"):format(search.type and search.type .. " " or "", search.path)
  elseif search.name then
    return ("%s %q"):format(search.type == "ManagedEntity" and "object" or search.type, search.name)
  end
  return search.type
end

-- Finding -------------------------------------------------------------------------------------------------

--- Those of some objects that fulfil conditions: one more request.
local function keep_where(connection, found, where)
  if not where or next(where) == nil or #found == 0 then
    return found
  end
  local fitting = {}
  for row in rows.rows(connection, { objects = found, props = {}, where = where }) do
    fitting[#fitting + 1] = row.ref
  end
  return fitting
end

local function keep_type(found, type_name)
  local fitting = {}
  for _, ref in ipairs(found) do
    if not type_name or schema.is_a(handle.type(ref), type_name) then
      fitting[#fitting + 1] = ref
    end
  end
  return fitting
end

--- Under what an object is remembered that a path leads to; nil where the path may lead to many.
local function key_of(search, parts)
  if not path.is_exact(parts) then
    return nil
  elseif parts.is_absolute then
    return parts.text
  end
  return not search.root and ("%s %s"):format(search.type or "", parts.text) or nil
end

--- What a path leads to, of whatever type.
local function at_path(connection, search)
  local parts = path.parse(search.path)
  local key = key_of(search, parts)
  if not key then
    return finder.find(connection, parts, search)
  end
  return connection.lookup:at(key, function() return finder.find(connection, parts, search) end)
end

local function names_below(connection, search)
  return rows.rows(connection, { type = search.type, props = { "name" }, root = search.root })
end

local function read_names(connection, type_name)
  return collector.retrieve(connection, {
    spec_set = { inventory.filter(connection.content.rootFolder, { [type_name] = { "name" } }) },
  })
end

local function by_conditions(connection, search)
  local where, found = { name = search.name }, {}
  for name, wanted in pairs(search.where or {}) do
    where[name] = wanted
  end
  local options = { type = search.type, props = {}, where = where, root = search.root }
  for row in rows.rows(connection, options) do
    found[#found + 1] = row.ref
  end
  return found
end

local function all(connection, search)
  if not search.path then
    return by_conditions(connection, search)
  end
  local found = keep_type(at_path(connection, search), search.type)
  return keep_where(connection, found, search.where)
end

local function has_plain_name(search)
  return search.name and not search.root and not glob.is(search.name)
end

--- As all, from what is known where one is wanted only.
local function few(connection, search)
  if not has_plain_name(search) then
    return all(connection, search)
  end
  local found = connection.lookup:named(search.type, names.unescape(search.name), function(type_name)
    return read_names(connection, type_name)
  end)
  return keep_where(connection, found, search.where)
end

--- The objects that fit, in no order.
---@param connection perilune.vim.Connection
---@param what string|perilune.vim.Search  a path, a name, or more
---@return userdata[]
function query.find(connection, what)
  return all(connection, read(connection, what, "find"))
end

-- One object ----------------------------------------------------------------------------------------------

local function candidates(connection, found)
  local shown = table.move(found, 1, math.min(#found, CANDIDATES), 1, {})
  local paths, lines = inventory.paths(connection, shown), {}
  for i, ref in ipairs(shown) do
    lines[i] = ("%s (%s)"):format(paths[ref] or "?", tostring(ref))
  end
  table.sort(lines)
  if #found > CANDIDATES then
    lines[#lines + 1] = ("and %d more"):format(#found - CANDIDATES)
  end
  return table.concat(lines, "\n")
end

local function raise_ambiguous(connection, search, found)
  err.raise {
    code = "vim.ambiguous",
    message = ("%d objects fit %s"):format(#found, describe(search)),
    detail = candidates(connection, found),
    hint = "give the path of one, say more in where = {…}, or look below a root = folder",
  }
end

--- Which part of a path leads nowhere, and the path with the nearest name in its place.
local function explain_path(connection, search)
  local parts = path.parse(search.path)
  local failing, instead = finder.explain(connection, parts, search)
  local part = parts[failing]
  if not part then
    return nil -- it leads somewhere, but not to what was wanted
  end
  local before = failing > 1 and path.first(parts, failing - 1) or nil
  local detail = before and ("%s has no %q"):format(before, part.text)
  local nearest = part.name and err.nearest(part.name, instead)
  if nearest then
    local whole = path.replace(parts, failing, names.escape(nearest))
    return detail, ('did you mean "%s"?'):format(whole)
  end
  return detail, #instead == 0 and before and ("%s is empty"):format(before) or nil
end

local function explain_name(connection, search)
  local list = {}
  if has_plain_name(search) then
    list = connection.lookup:all_names(search.type)
  elseif search.name then
    for row in names_below(connection, search) do
      list[#list + 1] = row.name and names.unescape(row.name)
    end
  end
  return nil, search.name and err.suggest(search.name, list)
end

--- What is at a path instead of an object of the type.
local function others(connection, search)
  local found = search.path and search.type and at_path(connection, search) or {}
  return found[1] and ("there is %s"):format(tostring(found[1]))
end

local function raise_not_found(connection, search)
  local other = others(connection, search)
  local detail, hint = other, nil
  if not other then
    detail, hint = (search.path and explain_path or explain_name)(connection, search)
  end
  err.raise {
    code = "vim.not_found",
    message = ("there is no %s"):format(describe(search)),
    detail = detail,
    hint = hint or search.where and "conditions in where = {…} are about values as the API has them" or nil,
  }
end

--- The one object that fits. Raises vim.not_found with the nearest name, vim.ambiguous with the candidates. Looking
--- for the same again asks nothing of the server.
---@param connection perilune.vim.Connection
---@param what string|perilune.vim.Search  a path, a name, or more
---@return userdata
function query.find_one(connection, what)
  local search = read(connection, what, "find_one")
  local found = few(connection, search)
  if #found == 0 then
    raise_not_found(connection, search)
  elseif #found > 1 then
    raise_ambiguous(connection, search, found)
  end
  return found[1]
end

--- Properties of an object: one, or what `find_one` finds. Where a remembered object is gone, it is looked for once
--- more.
---@param connection perilune.vim.Connection
---@param what userdata|string|perilune.vim.Search
---@param ... string  property paths
---@return any ...  in that order; nil where one is unset
function query.get(connection, what, ...)
  if handle.is(what) then
    return what:get(...)
  end
  local found = query.find_one(connection, what)
  local values = table.pack(pcall(found.get, found, ...))
  if values[1] then
    return table.unpack(values, 2, values.n)
  elseif not fault.is(values[2].fault, "ManagedObjectNotFound") then
    error(values[2], 0)
  end
  return query.find_one(connection, what):get(...)
end

return query
