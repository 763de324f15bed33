--- What was looked up on a connection, so that looking again asks nothing of the server.
---
--- By path one reference is kept for each. By name, all names of the type are kept: the API has no call that finds a
--- virtual machine by its name in any folder, so one read of all names it is, and that answers for all other names
--- too. Who does not find a name there reads again, once for all who ask at the same time.
---
--- A reference is dropped when the server says that its object is gone, and when this connection renames, moves or
--- destroys the object. What others rename meanwhile is found by its old name until the connection is closed.
local err = require "perilune.err"
local handle = require "perilune.c.object"
local names = require "perilune.util.names"
local promise = require "perilune.util.promise"

local lookup = {}

---@class perilune.vim.Names  of all objects of a type
---@field by_name table<string, userdata[]>
---@field name_of table<userdata, string>

---@class perilune.vim.Lookup
---@field private paths table<string, userdata>
---@field private keys table<userdata, string[]>  under which an object is, or was, in paths
---@field private finding table<string, perilune.util.Promise>  path → of the search that is under way
---@field private names table<string, perilune.vim.Names>
---@field private begun table<string, integer>  how many reads of a type's names have begun
---@field private ended table<string, integer>  the last of them that ended well
---@field private reading table<string, perilune.util.Promise>  type → of the read that is under way
local Lookup = {}
Lookup.__index = Lookup

---@return perilune.vim.Lookup
function lookup.new()
  return setmetatable({ paths = {}, keys = {}, finding = {}, names = {}, begun = {}, ended = {}, reading = {} }, Lookup)
end

-- Paths ---------------------------------------------------------------------------------------------------

local function keep_path(self, key, ref)
  self.paths[key] = ref
  self.keys[ref] = self.keys[ref] or {}
  table.insert(self.keys[ref], key)
end

--- Waits for what another task finds out. If that task was cancelled, it is to be done by somebody else.
local function join(done)
  local failure, found = done:await()
  if failure and not err.has(failure, "task.cancelled") then
    error(failure, 0)
  end
  return found
end

--- Runs find in the name of all that ask for the same meanwhile.
local function lead(flights, key, find)
  local done = promise.new()
  flights[key] = done
  local ok, found = xpcall(find, err.wrap)
  flights[key] = nil
  done:resolve(not ok and found or nil, ok and found or nil)
  if not ok then
    error(found, 0)
  end
  return found
end

--- The objects at a path: the one that is known, or what is found now; kept if it is one. Waits.
---@param key string  the path
---@param find fun(): userdata[]
---@return userdata[]
function Lookup:at(key, find)
  while not self.paths[key] do
    local found
    if self.finding[key] then
      found = join(self.finding[key])
    else
      found = lead(self.finding, key, find)
      if #found == 1 then
        keep_path(self, key, found[1])
      end
    end
    if found then
      return found
    end
  end
  return { self.paths[key] }
end

local function forget_paths(self)
  self.paths, self.keys = {}, {}
end

-- Names ---------------------------------------------------------------------------------------------------

local function index_of(rows)
  local index = { by_name = {}, name_of = {} }
  for _, row in ipairs(rows) do
    local name = row.name and names.unescape(row.name)
    if name and not index.name_of[row.ref] then
      local list = index.by_name[name] or {}
      list[#list + 1] = row.ref
      index.by_name[name], index.name_of[row.ref] = list, name
    end
  end
  return index
end

--- All objects of a type and a name, read anew unless one alone is known. Waits.
---@param type_name string
---@param name string  as a person reads it
---@param read fun(type_name: string): perilune.vim.Row[]  reads the names of all objects of a type
---@return userdata[]
function Lookup:named(type_name, name, read)
  local asked = self.begun[type_name] or 0
  while true do
    local index = self.names[type_name]
    local found = index and index.by_name[name] or {}
    if #found == 1 or (self.ended[type_name] or 0) > asked then
      return found
    elseif self.reading[type_name] then
      join(self.reading[type_name])
    else
      local number = (self.begun[type_name] or 0) + 1
      self.begun[type_name] = number
      lead(self.reading, type_name, function()
        self.names[type_name] = index_of(read(type_name))
        self.ended[type_name] = number
      end)
    end
  end
end

--- All names of a type as they were read last.
---@param type_name string
---@return string[]
function Lookup:all_names(type_name)
  local list = {}
  for name in pairs(self.names[type_name] and self.names[type_name].by_name or {}) do
    list[#list + 1] = name
  end
  table.sort(list)
  return list
end

-- Forgetting ----------------------------------------------------------------------------------------------

local function forget_name(index, ref)
  local name = index.name_of[ref]
  index.name_of[ref] = nil
  for i, other in ipairs(name and index.by_name[name] or {}) do
    if other == ref then
      table.remove(index.by_name[name], i)
      break
    end
  end
end

--- An object is gone, or is not where it was.
---@param ref userdata
function Lookup:forget(ref)
  for _, key in ipairs(self.keys[ref] or {}) do
    self.paths[key] = nil
  end
  self.keys[ref] = nil
  for _, index in pairs(self.names) do
    forget_name(index, ref)
  end
end

--- Methods after which an object is gone, or elsewhere.
local MOVING = { "^Rename", "^Destroy", "^Move", "^Unregister", "^unregister" }

--- Reconfiguring renames where the arguments have a name.
local function may_rename(args)
  local spec = args and (args.spec or args.config)
  return args ~= nil and (args.name ~= nil or type(spec) == "table" and spec.name ~= nil)
end

local function may_move(name, args)
  for _, stem in ipairs(MOVING) do
    if name:find(stem) then
      return true
    end
  end
  return (name:find "^Reconfig" or name:find "^Update") and may_rename(args)
end

local function may_contain(ref)
  return handle.type(ref) ~= "VirtualMachine"
end

--- A method is about to be called: what it may rename, move or destroy is not known any more.
---@param this userdata
---@param name string  of the method
---@param args table?
function Lookup:called(this, name, args)
  if not may_move(name, args) then
    return
  end
  self:forget(this)
  local list = args and type(args.list) == "table" and args.list or {}
  for _, ref in ipairs(list) do
    if handle.is(ref) then
      self:forget(ref)
    end
  end
  if may_contain(this) or #list > 0 then
    forget_paths(self)
  end
end

return lookup
