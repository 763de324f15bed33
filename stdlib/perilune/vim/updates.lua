--- Hearing of changes: all objects that are waited for on a connection (vSphere tasks above all) share one
--- property collector, one list view, and one WaitForUpdatesEx in flight.
---
---     task:await() → hold → editor: ModifyListView (what came up meanwhile goes in one call)
---                           listener: WaitForUpdatesEx → changes → the waiting tasks are woken
---
--- What happened before an object got into the list is reported at once, since it enters a filter with its
--- present values; so nothing is polled and nothing is missed. Both run as tasks of the connection, not
--- of who waits: whoever is cancelled lets go, and the last one to let go early ends the wait on the server.
--- The collector stays for the next task until the connection closes. All of it belongs to the session: after
--- a renewal it is made anew, and also after an answer was lost, since what it reported would be missed.
local err = require "perilune.err"
local fault = require "perilune.vim.fault"
local method = require "perilune.vim.method"
local retry = require "perilune.vim.retry"
local scope = require "perilune.util.scope"
local task = require "perilune.c.task"

local WAIT_SECONDS = 300 -- one WaitForUpdatesEx; far below a session's idle limit
local FREE_SECONDS = 2   -- for destroying what was made
local REBUILDS = 5       -- of the collector in a row, without an update in between

---@class perilune.vim.Updates
---@field private connection perilune.vim.Connection
---@field private held table<userdata, perilune.vim.Watched>  what is waited for
---@field private count integer
---@field private added table<userdata, boolean>  to be put into the list
---@field private removed table<userdata, boolean>  to be taken out of it
---@field private server { collector: userdata, view: userdata, version: string }?
---@field private editor userdata?
---@field private listener userdata?
---@field private rebuilds integer
local Updates = {}
Updates.__index = Updates

local updates = {}

---@param connection perilune.vim.Connection
---@return perilune.vim.Updates
function updates.new(connection)
  return setmetatable({
    connection = connection,
    held = {},
    count = 0,
    added = {},
    removed = {},
    rebuilds = 0,
  }, Updates)
end

function Updates:call(this, name, args, options)
  return method.call(self.connection, this, name, args, options)
end

local function keys(set)
  local list = {}
  for key in pairs(set) do
    list[#list + 1] = key
  end
  return list
end

local function drop(self, ref)
  if self.held[ref] then
    self.held[ref] = nil
    self.count = self.count - 1
    self.removed[ref] = not self.added[ref] or nil
    self.added[ref] = nil
  end
end

--- All that wait learn that there will be no news.
local function fail_all(self, e)
  for ref, waited in pairs(self.held) do
    drop(self, ref)
    waited:fail(e)
  end
end

--- Whether it may go better with a new collector: the server forgot the old one, or an answer was lost.
local function can_begin_anew(e)
  return retry.allows(e, true)
    or err.is(e) and (fault.is(e.fault, "ManagedObjectNotFound") or fault.is(e.fault, "NotAuthenticated"))
end

-- The server's side ---------------------------------------------------------------------------------------

--- What is reported of each type that can be waited for. Of a task only what changes, by its own path: all of
--- `info` would come again with each percent.
local REPORTED = {
  { type = "Task", all = false, pathSet = { "info.error", "info.progress", "info.result", "info.state" } },
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

--- Makes collector, view and filter; whatever waits is to be put into the list again.
local function build(self)
  local content = self.connection.content
  local server = { version = "" }
  self.server = server
  server.collector = self:call(content.propertyCollector, "CreatePropertyCollector")
  server.view = self:call(content.viewManager, "CreateListView", {})
  self:call(server.collector, "CreateFilter", { spec = list_filter(server.view), partialUpdates = false })
  self.removed = {}
  for ref in pairs(self.held) do
    self.added[ref] = true
  end
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

local function overlaps(one, other)
  for key in pairs(one) do
    if other[key] then
      return true
    end
  end
  return false
end

local function modify(self, view, add, remove)
  local unresolved = self:call(view, "ModifyListView", { add = add, remove = remove })
  for _, ref in ipairs(unresolved or {}) do
    local waited = self.held[ref]
    if waited then
      drop(self, ref)
      self.removed[ref] = nil
      waited:vanish()
    end
  end
end

--- Puts into the list what is waited for now, and takes out what no longer is. What comes back is taken out
--- first: only then it enters anew, and its present values are reported.
local function edit(self)
  local view, added, removed = self.server.view, self.added, self.removed
  self.added, self.removed = {}, {}
  if overlaps(added, removed) then
    modify(self, view, {}, keys(removed))
    removed = {}
  end
  modify(self, view, keys(added), keys(removed))
end

-- The listener --------------------------------------------------------------------------------------------

local function apply_object(self, update)
  local waited = self.held[update.obj]
  if not waited then
    return -- a late or repeated report of one that has ended
  end
  for _, change in ipairs(update.changeSet or {}) do
    waited:change(change.name, change.val)
  end
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

local function wait_once(self, server)
  local set = self:call(server.collector, "WaitForUpdatesEx", {
    version = server.version,
    options = { maxWaitSeconds = WAIT_SECONDS },
  }, { stall = WAIT_SECONDS + 60, once = true })
  if set then
    self.rebuilds = 0
    server.version = set.version
    apply(self, set)
  end
end

local function listen(self, server)
  while self.server == server and self.count > 0 do
    wait_once(self, server)
  end
end

-- The two tasks -------------------------------------------------------------------------------------------

local function cancel(one)
  if one then
    one:cancel(err.new { code = "task.cancelled", message = "nobody waits any more" })
  end
end

--- Runs fn in a task that nobody joins, one of a kind at a time; `failed` hears of its error.
local function background(self, kind, fn, failed)
  if self[kind] or self.closed then
    return
  end
  local own
  own = task.spawn(function()
    local ok, e = xpcall(fn, err.wrap)
    local is_current = self[kind] == own
    if is_current then
      self[kind] = nil
    end
    if not ok and is_current then
      failed(e)
    end
  end)
  own:context(false) -- it outlives the scope it was started in
  self[kind] = own
end

--- Puts what came up into the list, until nothing more does.
local function edit_all(self)
  while next(self.added) do
    if not self.server then
      if self.rebuilds > 0 then
        task.sleep(retry.pause(self.rebuilds))
      end
      build(self)
    end
    edit(self)
    self:listen()
  end
end

function Updates:edit()
  background(self, "editor", function() edit_all(self) end, function(e) self:mend(self.server, e) end)
end

function Updates:listen()
  local server = self.server
  if server and self.count > 0 then
    background(self, "listener", function() listen(self, server) end, function(e) self:mend(server, e) end)
  end
end

--- After an error: begins anew where the server forgot something, or tells all who wait.
function Updates:mend(server, e)
  if self.server ~= server then
    return -- of a collector that was given up meanwhile
  elseif server and err.is(e) and fault.is(e.fault, "InvalidCollectorVersion") then
    server.version = ""
    self:listen()
    return
  end
  self:give_up()
  self:free(server)
  self.rebuilds = self.rebuilds + 1
  if not can_begin_anew(e) or self.rebuilds > REBUILDS then
    self.rebuilds = 0
    fail_all(self, e)
    return
  end
  for ref in pairs(self.held) do
    self.added[ref] = true
  end
  self:edit()
end

--- Forgets the collector; returns it if a wait on it was in flight.
function Updates:give_up()
  local server, listener = self.server, self.listener
  self.server, self.listener = nil, nil
  cancel(listener)
  return listener and server
end

--- Destroys a collector that was given up, in a task of its own.
function Updates:free(server)
  if server then
    task.spawn(destroy, self, server):context(false)
  end
end

--- Begins to wait for an object; to be ended by `release`.
---@param waited perilune.vim.Watched
function Updates:hold(waited)
  if self.closed then
    err.raise { code = "vim.session", message = "the connection is closed" }
  end
  if not self.held[waited.ref] then
    self.held[waited.ref] = waited
    self.count = self.count + 1
    self.added[waited.ref] = true
  end
  self:edit()
end

--- Nobody waits for the object any more. The last one to go early ends the wait.
---@param waited perilune.vim.Watched
function Updates:release(waited)
  drop(self, waited.ref)
  if self.count == 0 and self.listener then
    self:free(self:give_up())
  end
end

--- Ends everything; the collector is destroyed if a wait on it is in flight. Waits, not for long.
function Updates:close()
  if self.closed then
    return
  end
  self.closed = true
  cancel(self.editor)
  self.editor = nil
  local server = self:give_up()
  fail_all(self, err.new { code = "vim.session", message = "the connection was closed" })
  if server then
    destroy(self, server)
  end
end

return updates
