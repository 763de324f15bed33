--- `vc:watch { type = "VirtualMachine", props = {…} }`: a mirror of objects, and what changes in it.
---
---     for change in vc:watch { type = "VirtualMachine", props = { "name", "runtime.powerState" } } do
---       print(change.kind, change.object, change.new and change.new.name)
---       for path, value in pairs(change.changes) do print(path, value.old, value.new) end
---     end
---
--- A change that nobody has taken yet is not kept as such: for each object the row that the consumer knew last is
--- kept, and what differs is found when the change is taken. So a slow consumer gets fewer and larger changes, what
--- is kept is bounded by the number of objects, and after a gap (a lost connection, a new session) there is one change
--- for each object that differs.
local collector = require "perilune.vim.collector"
local err = require "perilune.err"
local fault = require "perilune.vim.fault"
local handle = require "perilune.c.object"
local inventory = require "perilune.vim.inventory"
local mirror = require "perilune.vim.mirror"
local promise = require "perilune.util.promise"
local queue = require "perilune.util.queue"
local rows = require "perilune.vim.rows"
local scope = require "perilune.util.scope"
local task = require "perilune.c.task"

local watch = {}

local PATIENCE = 600    -- seconds for which the server may be away
local POLL_EVERY = 1    -- seconds between two reads where updates cannot be had
local POLL_SHARE = 4    -- and so many times what a read took

---@class perilune.vim.Change
---@field object userdata
---@field kind "enter"|"modify"|"leave"
---@field changes table<string, { old: any, new: any }>  by property path, as deep as the difference goes
---@field old perilune.vim.Row?  as it was when the last change of the object was taken
---@field new perilune.vim.Row?  as it is now

---@class perilune.vim.Watch: perilune.vim.Subscription
---@field private connection perilune.vim.Connection
---@field private mirror perilune.vim.Mirror
---@field private base table  PropertyFilterSpec
---@field private sentinel userdata  an object that every report of the whole state has
---@field private is_told boolean  whether the sentinel was seen
---@field private first perilune.util.Promise  settled when the mirror is there
---@field private known table<userdata, perilune.vim.Row|false>  changed objects: the row that was taken last
---@field private order userdata[]  the changed objects, first to last
---@field private readers perilune.util.Queue
---@field private failure perilune.Error?
---@field private closed boolean?
local Watch = { partial = true, patience = PATIENCE }

function Watch:__index(key)
  if handle.is(key) then
    return rawget(self, "mirror").rows[key]
  end
  return Watch[key]
end

-- What is asked for -------------------------------------------------------------------------------------------

local function refuse(message, hint)
  err.raise { code = "argument", message = "watch " .. message, hint = hint }
end

local KNOWN = { "type", "objects", "root", "props", "initial", "on_change" }

local function check_options(options)
  rows.check_options(options, KNOWN, "watch")
  if (options.type == nil) == (options.objects == nil) then
    refuse("wants a type, or a list of objects", 'write vc:watch { type = "VirtualMachine", props = {…} }')
  end
  for _, ref in ipairs(options.objects or {}) do
    if not handle.is(ref) then
      refuse(("was given %s among its objects"):format(tostring(ref)), "objects = { vc:find_one {…}, … }")
    end
  end
  if options.props ~= nil and type(options.props) ~= "table" then
    refuse("wants props as a list of property paths")
  end
end

local function types_of(objects)
  local names, seen = {}, {}
  for _, ref in ipairs(objects) do
    local name = handle.type(ref)
    if not seen[name] then
      seen[name] = true
      names[#names + 1] = name
    end
  end
  return names
end

local function of_objects(options)
  local spec = { propSet = {}, objectSet = {} }
  for i, name in ipairs(types_of(options.objects)) do
    spec.propSet[i] = { type = name, all = false, pathSet = options.props or {} }
  end
  for i, ref in ipairs(options.objects) do
    spec.objectSet[i] = { obj = ref }
  end
  return spec
end

local function filter_of(connection, options)
  local spec
  if options.objects then
    spec = of_objects(options)
  else
    spec = inventory.filter(options.root or connection.content.rootFolder, { [options.type] = options.props or {} })
  end
  spec.reportMissingObjectsInResults = true
  collector.check({ spec }, connection.api_version)
  return spec
end

-- Changes -----------------------------------------------------------------------------------------------------

--- Notes that an object has changed; the row before counts if none is noted yet.
local function note(self, ref, before)
  if self.known[ref] == nil then
    self.known[ref] = before or false
    self.last = self.last + 1
    self.order[self.last] = ref
    self.readers:serve()
  end
end

local function change_of(self, ref, before)
  local now = self.mirror.rows[ref]
  if not before and not now then
    return nil -- it came and went
  end
  local changes = self.mirror:diff(before or nil, now)
  if before and now and not next(changes) then
    return nil -- it is as it was
  end
  local kind = not before and "enter" or not now and "leave" or "modify"
  return { object = ref, kind = kind, changes = changes, old = before or nil, new = now }
end

--- The next change that is there; nil when there is none.
local function take(self)
  while self.taken < self.last do
    self.taken = self.taken + 1
    local ref = self.order[self.taken]
    local before = self.known[ref]
    self.order[self.taken], self.known[ref] = nil, nil
    local change = change_of(self, ref, before)
    if change then
      return change
    end
  end
end

--- The next change; nil when the watch was closed. Waits. Raises what ended the watch.
---@return perilune.vim.Change?
function Watch:next()
  while true do
    local change = take(self)
    if change then
      return change
    elseif self.closed then
      return nil
    elseif self.failure then
      error(self.failure, 0)
    end
    self.readers:wait(nil, function() self.readers:serve() end)
  end
end

Watch.__call = Watch.next

--- The rows of all objects, in no order. They are not changed afterwards, and must not be.
---@return perilune.vim.Row[]
function Watch:rows()
  local list = {}
  for _, row in pairs(self.mirror.rows) do
    list[#list + 1] = row
  end
  return list
end

---@return integer  how many objects there are
function Watch:__len()
  return self.mirror.count
end

-- What updates.lua asks of it ---------------------------------------------------------------------------------

function Watch:prepare() end -- luacheck: ignore 212

function Watch:spec()
  return self.base
end

function Watch:attached() end -- luacheck: ignore 212

function Watch:work() end -- luacheck: ignore 212

function Watch:is_needed() -- luacheck: ignore 212
  return true
end

--- The whole state follows. The mirror keeps what it knows until it is told.
function Watch:begin()
  self.is_told = false
  self.mirror:begin()
end

local function check_missing(self, report)
  for _, missing in ipairs(report.missingSet or {}) do
    if fault.is(fault.unwrap(missing.fault), "InvalidProperty") then
      self:fail(fault.error(missing.fault, nil, { method = "watch " .. missing.path, object = report.obj }))
    end
  end
end

function Watch:see(reports, set)
  for _, report in ipairs(reports) do
    if report.obj == self.sentinel then
      self.is_told = true
    else
      check_missing(self, report)
      self.mirror:apply(report)
    end
  end
  for _, missing in ipairs(set.missingObjects or {}) do
    self.mirror:apply { obj = missing.obj, kind = "leave" }
  end
end

--- The first whole state is the mirror's beginning; later ones are compared with it.
function Watch:settle()
  if self.mirror:is_beginning() and self.is_told then
    self.mirror:finish()
    self.first:resolve()
  end
end

function Watch:poll()
  if task.now() < (self.poll_at or 0) then
    return false
  end
  local began, fresh, noted = task.now(), {}, self.last
  for _, row in ipairs(collector.retrieve(self.connection, { spec_set = { self.base } })) do
    if row.ref ~= self.sentinel then
      fresh[row.ref] = row
    end
  end
  self.mirror:replace(fresh)
  self.first:resolve()
  local now = task.now()
  self.poll_at = now + math.max(POLL_EVERY, POLL_SHARE * (now - began))
  return self.last > noted
end

local function wake_all(self)
  while self.readers:serve() do end -- luacheck: ignore 542
end

---@param e perilune.Error
function Watch:fail(e)
  self.failure = self.failure or e
  self.first:reject(self.failure)
  wake_all(self)
  self.connection.updates:unsubscribe(self)
end

function Watch:dispose() end -- luacheck: ignore 212

-- Opening and closing -----------------------------------------------------------------------------------------

--- Ends the watch, and frees what the server keeps for it. May be called often.
function Watch:close()
  if not self.closed then
    self.closed = true
    wake_all(self)
    self.connection.updates:unsubscribe(self)
  end
end

Watch.__close = Watch.close

function Watch:__tostring()
  return ("watch of %d objects on %s"):format(self.mirror.count, self.connection.name)
end

local function new_watch(connection, options)
  local base = filter_of(connection, options)
  local sentinel = connection:object("ServiceInstance", "ServiceInstance")
  table.insert(base.propSet, { type = "ServiceInstance", all = false })
  table.insert(base.objectSet, { obj = sentinel })
  local self = setmetatable({
    connection = connection,
    base = base,
    sentinel = sentinel,
    is_told = false,
    first = promise.new(),
    known = {},
    order = {},
    taken = 0,
    last = 0,
    readers = queue.new(),
  }, Watch)
  self.mirror = mirror.new(options.props or {}, function(ref, before) note(self, ref, before) end)
  return self
end

local function open(self, options)
  self.connection.updates:subscribe(self)
  self.first:await()
  if not options.initial then
    while take(self) do end -- luacheck: ignore 542
  end
end

local function call_back(self, fn)
  for change in self do
    fn(change)
  end
end

---@class perilune.vim.WatchOptions
---@field type string?  all objects of a managed type
---@field root userdata?  only those below it: a folder, datacenter, compute resource or pool
---@field objects userdata[]?  or these objects
---@field props string[]?  property paths; without, only coming and going is seen
---@field initial boolean?  the objects that are there are changes too, of kind "enter"
---@field on_change fun(change: perilune.vim.Change)?  called in a task of the present scope, instead of a loop

--- Begins to watch; returns when the mirror has all that is there. Waits.
---@param connection perilune.vim.Connection
---@param options perilune.vim.WatchOptions
---@return perilune.vim.Watch
---@return nil
---@return nil
---@return perilune.vim.Watch  closed when a loop over it ends
function watch.open(connection, options)
  check_options(options)
  local self = new_watch(connection, options)
  local ok, e = xpcall(open, err.wrap, self, options)
  if not ok then
    self:close()
    error(e, 0)
  end
  if options.on_change then
    scope.spawn(call_back, self, options.on_change)
  end
  return self, nil, nil, self
end

return watch
