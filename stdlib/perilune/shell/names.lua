--- The names of live objects, by kind, for completion.
---
--- One request reads the names of all kinds, in the background, when one is first wanted; later ones find them.
--- They are read again when they are wanted after a time, and the old ones serve meanwhile. Whatever there is of
--- names, no stretch of work here takes long: rows, sorting and merging let others run every few of them.
local common = require "perilune.shell.complete.common"
local err = require "perilune.err"
local inventory = require "perilune.vim.inventory"
local kinds = require "perilune.kind"
local names_of = require "perilune.util.names"
local schema = require "perilune.c.schema"
local task = require "perilune.c.task"

local names = {}

local FRESH_SECONDS = 60 -- after which names are read again, when they are wanted
local RETRY_SECONDS = 5 -- after a read that failed
local SLICE = 250 -- rows, or names to sort, between two pauses

---@class perilune.shell.Found
---@field items perilune.shell.Item[]
---@field more integer?
---@field prefix string  what all of them begin with
---@field pending boolean?  whether they are being read for the first time

---@class perilune.shell.Names
---@field failure perilune.Error?  why the last read ended
---@field private connection perilune.vim.Connection
---@field private lists table<string, string[]>?  kind → its names, sorted, each once; "network portgroup" likewise
---@field private read_at number?
---@field private running userdata?  the task that reads
local Names = {}
Names.__index = Names

-- Sorting --------------------------------------------------------------------------------------------------

--- Two sorted lists as one, each text once.
local function merge(a, b, pause)
  local merged, i, j = {}, 1, 1
  while a[i] or b[j] do
    local take
    if not b[j] or a[i] and a[i] <= b[j] then
      take, i = a[i], i + 1
    else
      take, j = b[j], j + 1
    end
    if merged[#merged] ~= take then merged[#merged + 1] = take end
    if (i + j) % SLICE == 0 then pause() end
  end
  return merged
end

local function slices(list, pause)
  local parts = {}
  for from = 1, #list, SLICE do
    local part = table.move(list, from, math.min(from + SLICE - 1, #list), 1, {})
    table.sort(part)
    parts[#parts + 1] = merge(part, {}, pause)
    pause()
  end
  return parts
end

--- The texts of a list, sorted, each once. Calls `pause` every few of them.
---@param list string[]
---@param pause fun()
---@return string[]
function names.sorted(list, pause)
  local parts = slices(list, pause)
  while #parts > 1 do
    local fewer = {}
    for i = 1, #parts, 2 do fewer[#fewer + 1] = parts[i + 1] and merge(parts[i], parts[i + 1], pause) or parts[i] end
    parts = fewer
  end
  return parts[1] or {}
end

--- The first place of a sorted list whose text is not before one.
local function lower_bound(list, text)
  local low, high = 1, #list + 1
  while low < high do
    local middle = (low + high) // 2
    if list[middle] < text then low = middle + 1 else high = middle end
  end
  return low
end

--- Which places of a sorted list have the texts that begin with one.
---@param list string[]
---@param prefix string
---@return integer first
---@return integer last
function names.range(list, prefix)
  local first = lower_bound(list, prefix)
  local low, high = first, #list + 1
  while low < high do
    local middle = (low + high) // 2
    if list[middle]:sub(1, #prefix) == prefix then low = middle + 1 else high = middle end
  end
  return first, low - 1
end

-- Reading --------------------------------------------------------------------------------------------------

--- Which kinds an object of a managed type is of.
local function kinds_of_type(all, type_name)
  local found = all[type_name]
  if found then return found end
  found = {}
  for name, kind in pairs(kinds) do
    for _, base in ipairs(kind.types) do
      if schema.is_a(type_name, base) then
        found[#found + 1] = name
        break
      end
    end
  end
  all[type_name] = found
  return found
end

local function wanted_properties()
  local paths = { Datacenter = { "name", "parent" }, Folder = { "name", "parent" } }
  for _, kind in pairs(kinds) do
    for _, type_name in ipairs(kind.types) do
      paths[type_name] = paths[type_name] or { "name" }
    end
  end
  return paths
end

--- The paths of folders, which have no other name that tells one from another.
local function folder_paths(folders)
  local paths = {}
  local function path_of(row)
    if not row.parent then return "" end
    local above = folders[row.parent]
    return (above and path_of(above) or "") .. "/" .. names_of.escape(names_of.unescape(row.name))
  end
  for ref, row in pairs(folders) do
    if inventory.type_of(ref) ~= "Datacenter" and row.parent then paths[#paths + 1] = path_of(row) end
  end
  return paths
end

--- Sorts rows into lists of names by kind.
local function collect(rows, pause)
  local lists, folders, of_type, count = {}, {}, {}, 0
  for name in pairs(kinds) do lists[name] = {} end
  for row in rows do
    local type_name = inventory.type_of(row.ref)
    if row.name and (type_name == "Folder" or type_name == "Datacenter") then folders[row.ref] = row end
    for _, kind in ipairs(row.name and kinds_of_type(of_type, type_name) or {}) do
      table.insert(lists[kind], names_of.unescape(row.name))
    end
    count = count + 1
    if count % SLICE == 0 then pause() end
  end
  lists.folder = folder_paths(folders)
  return lists
end

local function pause()
  task.sleep(0)
end

local function read(self)
  local filter = inventory.filter(self.connection.content.rootFolder, wanted_properties())
  local next_row, _, _, closing = self.connection:retrieve_each { spec_set = { filter } }
  local reader <close> = closing -- luacheck: ignore 211
  local lists = collect(next_row, pause)
  for kind, list in pairs(lists) do lists[kind] = names.sorted(list, pause) end
  self.lists = lists
end

local function run(self)
  local ok, e = xpcall(read, err.wrap, self)
  self.failure = not ok and e or nil
  self.read_at, self.running = task.now(), nil
  if not ok and err.has(e, "task.cancelled") then error(e, 0) end
end

local function is_due(self)
  if self.running or self.closed then return false end
  if not self.read_at then return true end
  return task.now() - self.read_at > (self.failure and RETRY_SECONDS or FRESH_SECONDS)
end

--- Sees to it that names are there soon. Does not wait.
function Names:want()
  if is_due(self) then
    self.running = task.spawn(run, self)
    self.running:context(false)
    self.running:on_end(function() end) -- what went wrong is in `failure`
  end
end

--- Waits until the names are there, or cannot be had.
---@return boolean
function Names:wait()
  self:want()
  if self.running then self.running:join() end
  return self.lists ~= nil
end

-- Finding --------------------------------------------------------------------------------------------------

local function no_pause() end

--- The names of some kinds; those of several are put together when they are first asked for.
local function list_of(self, wanted)
  local key = table.concat(wanted, " ")
  local list = self.lists[key]
  if not list then
    list = {}
    for _, kind in ipairs(wanted) do list = merge(list, self.lists[kind] or {}, no_pause) end
    self.lists[key] = list
  end
  return list
end

--- The names of objects of some kinds that begin with a text. Does not wait: what is not there is read meanwhile.
---@param wanted string[]  kinds
---@param prefix string
---@param most integer  items at most
---@return perilune.shell.Found
function Names:find(wanted, prefix, most)
  self:want()
  if not self.lists then return { items = {}, prefix = "", pending = self.running ~= nil } end
  local list, items = list_of(self, wanted), {}
  local first, last = names.range(list, prefix)
  if first > last then return { items = items, prefix = "" } end
  for i = first, math.min(last, first + most - 1) do items[#items + 1] = { text = list[i] } end
  local more = last - first + 1 - #items
  return { items = items, more = more > 0 and more or nil, prefix = common(list[first], list[last]) }
end

--- Ends a read that is under way.
function Names:close()
  self.closed = true
  if self.running then
    self.running:cancel(err.new { code = "task.cancelled", message = "the names are no longer wanted" })
  end
end

Names.__close = Names.close

---@param connection perilune.vim.Connection
---@return perilune.shell.Names
function names.open(connection)
  return setmetatable({ connection = connection }, Names)
end

return names
