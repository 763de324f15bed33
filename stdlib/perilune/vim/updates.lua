--- Hearing of changes: all objects that are waited for on a connection (vSphere tasks above all) share one
--- property collector, one list view, and one WaitForUpdatesEx, which is always in flight once it was needed.
---
---     task:await() → hold → adders: ModifyListView, a few at once; what came up meanwhile goes in one call
---                           listener: WaitForUpdatesEx → reports → the waiting tasks are woken
---                           remover: ModifyListView takes out what has ended, so that the list stays short
---
--- What happened before an object got into the list is reported at once, since it enters the filter with its
--- present values; so nothing is polled, nothing is missed, and the end of a task is heard of in the round trip
--- that puts it into the list, or when it comes. All of this runs as tasks of the connection, not of who waits:
--- whoever is cancelled just goes, and the object stays in the list until it has ended. The server's objects
--- belong to the session: after a renewal they are made anew, and also after an answer was lost, since what it
--- reported would be missed.
local err = require "perilune.err"
local fault = require "perilune.vim.fault"
local method = require "perilune.vim.method"
local retry = require "perilune.vim.retry"
local scope = require "perilune.util.scope"
local task = require "perilune.c.task"

local WAIT_SECONDS = 300 -- one WaitForUpdatesEx; far below a session's idle limit
local FREE_SECONDS = 2   -- for destroying what was made
local ADDERS = 4         -- calls at once that put objects into the list
local REBUILDS = 5       -- of the collector in a row, without an update in between

---@class perilune.vim.Updates
---@field private connection perilune.vim.Connection
---@field private held table<userdata, perilune.vim.Watched>  what is in the list, or is to be
---@field private added table<userdata, boolean>  to be put into the list
---@field private removed table<userdata, boolean>  to be taken out of it
---@field private leaving table<userdata, boolean>  being taken out of it
---@field private server { collector: userdata, view: userdata, version: string }?
---@field private workers table<string, userdata>  the tasks that run, by what they do
---@field private rebuilds integer
---@field private closed boolean?
local Updates = {}
Updates.__index = Updates

local updates = {}

---@param connection perilune.vim.Connection
---@return perilune.vim.Updates
function updates.new(connection)
  return setmetatable({
    connection = connection,
    held = {},
    added = {},
    removed = {},
    leaving = {},
    workers = {},
    rebuilds = 0,
  }, Updates)
end

--- News must not queue behind the work it is about, so these calls go first.
function Updates:call(this, name, args, options)
  options = options or {}
  options.urgent = true
  return method.call(self.connection, this, name, args, options)
end

local function keys(set)
  local list = {}
  for key in pairs(set) do
    list[#list + 1] = key
  end
  return list
end

--- The object has ended, or is given up: nobody is to hear of it any more.
local function drop(self, ref)
  self.held[ref] = nil
  if self.added[ref] then
    self.added[ref] = nil
  else
    self.removed[ref] = true
  end
end

--- All that wait learn that there will be no news.
local function fail_all(self, e)
  local held = self.held
  self.held, self.added, self.removed = {}, {}, {}
  for _, waited in pairs(held) do
    waited:fail(e)
  end
end

--- Whether it may go better with a new collector: the server forgot the old one, or an answer was lost.
local function can_begin_anew(e)
  return retry.allows(e, true)
    or fault.is(e.fault, "ManagedObjectNotFound") or fault.is(e.fault, "NotAuthenticated")
end

-- The server's side ---------------------------------------------------------------------------------------

--- What is reported of each type that can be waited for. Of a task only what changes: the less a report
--- holds, the less the server has to compare.
local REPORTED = {
  { type = "Task", all = false, pathSet = { "info.state", "info.progress", "info.error", "info.result" } },
  { type = "VirtualMachine", all = false, pathSet = { "runtime.powerState" } },
}

local function list_filter(view)
  return {
    propSet = REPORTED,
    objectSet = {
      {
        obj = view,
        skip = true,
        selectSet = {
          { _typeName = "TraversalSpec", name = "view", type = "ListView", path = "view", skip = false },
        },
      },
    },
  }
end

local function destroy(self, server)
  pcall(scope.timeout, FREE_SECONDS, function()
    if server.collector then
      self:call(server.collector, "DestroyPropertyCollector")
    end
    if server.view then
      self:call(server.view, "DestroyView")
    end
  end)
end

--- Makes collector, view and filter.
local function fill(self, server)
  local content = self.connection.content
  scope.all {
    function() server.collector = self:call(content.propertyCollector, "CreatePropertyCollector") end,
    function() server.view = self:call(content.viewManager, "CreateListView", {}) end,
  }
  self:call(server.collector, "CreateFilter", { spec = list_filter(server.view), partialUpdates = false })
end

local function modify(self, server, add, remove)
  local unresolved = self:call(server.view, "ModifyListView", { add = add, remove = remove })
  for _, ref in ipairs(add and unresolved or {}) do
    local waited = self.held[ref]
    if waited then
      drop(self, ref)
      waited:vanish()
    end
  end
end

-- What the workers do -------------------------------------------------------------------------------------

local function build(self)
  if self.rebuilds > 0 then
    task.sleep(retry.pause(self.rebuilds))
  end
  local server = { version = "" }
  local ok, e = xpcall(fill, err.wrap, self, server)
  if not ok then
    self:free(server)
    error(e, 0)
  end
  self.server = server
  self.removed, self.leaving = {}, {}
  for ref in pairs(self.held) do
    self.added[ref] = true
  end
end

--- What is to be put into the list now. What comes back must have left it before: only then it enters anew,
--- and its present values are reported.
local function take_added(self)
  local list = {}
  for ref in pairs(self.added) do
    if not self.removed[ref] and not self.leaving[ref] then
      list[#list + 1] = ref
      self.added[ref] = nil
    end
  end
  return list
end

local function add(self)
  local server = self.server
  local list = take_added(self)
  while #list > 0 do
    modify(self, server, list, nil)
    list = take_added(self)
  end
end

local function remove(self)
  local server = self.server
  while next(self.removed) do
    self.leaving, self.removed = self.removed, {}
    modify(self, server, nil, keys(self.leaving))
    self.leaving = {}
  end
end

local function apply_object(self, update)
  local waited = self.held[update.obj]
  if not waited then
    return -- a late or repeated report of one that has ended
  end
  waited:see(update.changeSet or {})
  for _, missing in ipairs(update.missingSet or {}) do
    waited:fail(fault.error(missing.fault, nil, { method = "get " .. missing.path, object = update.obj }))
  end
  if update.kind == "leave" and not waited:is_settled() then
    waited:vanish()
  end
  if waited:is_settled() then
    drop(self, update.obj)
  end
end

local function apply(self, set)
  for _, filter in ipairs(set.filterSet or {}) do
    for _, update in ipairs(filter.objectSet or {}) do
      apply_object(self, update)
    end
  end
end

local function listen(self)
  local server = self.server
  while self.server == server do
    local set = self:call(server.collector, "WaitForUpdatesEx", {
      version = server.version,
      options = { maxWaitSeconds = WAIT_SECONDS },
    }, { stall = WAIT_SECONDS + 60, once = true })
    if set then
      self.rebuilds = 0
      server.version = set.version
      apply(self, set)
      self:work()
    end
  end
end

-- The workers ---------------------------------------------------------------------------------------------

local function cancel(worker)
  if worker then
    worker:cancel(err.new { code = "task.cancelled", message = "nobody waits any more" })
  end
end

--- Runs fn in a task that nobody joins, one of a kind at a time.
local function start(self, kind, fn)
  if self.workers[kind] then
    return
  end
  local server, own = self.server, nil
  own = task.spawn(function()
    local ok, e = xpcall(fn, err.wrap, self)
    if self.workers[kind] ~= own then
      return -- given up meanwhile
    end
    self.workers[kind] = nil
    if ok then
      self:work()
    else
      self:mend(server, e)
    end
  end)
  own:context(false) -- it outlives the scope it was started in
  own:on_end(function() end) -- one that is cancelled before it began has not failed
  self.workers[kind] = own
end

local function start_adder(self)
  for i = 1, ADDERS do
    local kind = "adder " .. i
    if not self.workers[kind] then
      start(self, kind, add)
      return
    end
  end
end

local function can_add(self)
  for ref in pairs(self.added) do
    if not self.removed[ref] and not self.leaving[ref] then
      return true
    end
  end
  return false
end

--- Starts what there is to do.
function Updates:work()
  if self.closed then
    return
  elseif not self.server then
    if next(self.held) then
      start(self, "builder", build)
    end
    return
  end
  start(self, "listener", listen)
  if next(self.removed) then
    start(self, "remover", remove)
  end
  if can_add(self) then
    start_adder(self)
  end
end

--- After an error: begins anew where the server forgot something, or tells all who wait.
function Updates:mend(server, e)
  if server and fault.is(e.fault, "InvalidCollectorVersion") then
    server.version = ""
    self:work()
    return
  end
  self:give_up()
  self:free(server)
  self.rebuilds = self.rebuilds + 1
  if not can_begin_anew(e) or self.rebuilds > REBUILDS then
    self.rebuilds = 0
    fail_all(self, e)
  end
  self:work()
end

--- Forgets the collector and ends all that works on it.
function Updates:give_up()
  local workers = self.workers
  self.server, self.workers = nil, {}
  for _, worker in pairs(workers) do
    cancel(worker)
  end
end

--- Destroys a collector that was given up, in a task of its own.
function Updates:free(server)
  if server then
    task.spawn(destroy, self, server):context(false)
  end
end

--- Makes what listens before there is something to listen for: the first task need not wait for it. Does not wait.
function Updates:prepare()
  if not self.closed and not self.server then
    start(self, "builder", build)
  end
end

--- Begins to listen for news of an object, until it has ended.
---@param waited perilune.vim.Watched
function Updates:hold(waited)
  if self.closed then
    err.raise { code = "vim.session", message = "the connection is closed" }
  end
  if not self.held[waited.ref] then
    self.held[waited.ref] = waited
    self.added[waited.ref] = true
    self:work()
  end
end

--- Ends everything; the collector is destroyed, and with it the wait on the server, which would outlive the
--- connection. The view ends with the session. Waits, not for long.
function Updates:close()
  if self.closed then
    return
  end
  self.closed = true
  local server = self.server
  self:give_up()
  fail_all(self, err.new { code = "vim.session", message = "the connection was closed" })
  if server then
    destroy(self, { collector = server.collector })
  end
end

return updates
