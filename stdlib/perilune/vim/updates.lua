--- Hearing of changes: everything on a connection that waits for them shares one property collector and one
--- WaitForUpdatesEx, which is always in flight once it was needed.
---
---     waitlist.lua   all vSphere tasks (and VMs that shut down) that are waited for: one filter
---     watch.lua      vc:watch: a filter each
---     events.lua     vc:events: a filter each, on the latest page of a history collector
---
--- These are *subscriptions*. The workers here, which are tasks of the connection and not of who waits, make the
--- collector (builder) and the filters (attacher), and wait for reports (listener). What the server made belongs to the
--- session: after a renewal all is made anew. After a lost answer, whose report would be missed, the filters are
--- asked for everything once more. Each subscription compares that with what it knew.
---
--- Where updates cannot be had at all the poller reads everything instead, and goes on trying.
local err = require "perilune.err"
local fault = require "perilune.vim.fault"
local method = require "perilune.vim.method"
local pace = require "perilune.vim.pace"
local retry = require "perilune.vim.retry"
local scope = require "perilune.util.scope"
local task = require "perilune.c.task"
local waitlist = require "perilune.vim.waitlist"

local GRACE = 30           -- seconds that an answer may be late
local FREE_SECONDS = 2     -- for destroying what was made
local FAILURES = 3         -- in a row, then everything is polled
local POLL_SOONEST, POLL_LATEST = 0.1, 1 -- seconds between two reads

---@class perilune.vim.Subscription  what wants to hear of changes
---@field partial boolean  whether parts of properties are reported, or whole ones
---@field patience number  seconds for which the server may be away
---@field prepare fun(self)  makes what the filter is about; may wait
---@field spec fun(self): table  the PropertyFilterSpec
---@field attached fun(self)  the filter is there
---@field work fun(self)  starts what there is to do; does not wait
---@field is_needed fun(self): boolean  whether anybody waits
---@field begin fun(self)  all that the filter selects will be reported
---@field see fun(self, reports: table[], set: table)  ObjectUpdates; does not wait
---@field settle fun(self)  what was seen is whole: nothing of it is still on the way
---@field poll fun(self): boolean  reads everything; whether there was news
---@field fail fun(self, e: perilune.Error)  there will be no more news
---@field dispose fun(self)  frees what `prepare` made; may wait

---@class perilune.vim.UpdatesServer  what is there on the server
---@field collector userdata
---@field version string
---@field filters table<userdata, perilune.vim.Subscription>
---@field of table<perilune.vim.Subscription, userdata>  the filters by their subscriptions
---@field strays table<userdata, table[]>  what is reported of filters whose creation was not answered yet
---@field is_whole boolean  whether the last report had all there was

---@class perilune.vim.Updates
---@field connection perilune.vim.Connection
---@field private waitlist perilune.vim.Waitlist
---@field private subscriptions table<perilune.vim.Subscription, boolean>
---@field private server perilune.vim.UpdatesServer?
---@field private workers table<string, userdata>  the tasks that run, by what they do
---@field private pace perilune.vim.Pace
---@field private failures integer  in a row
---@field private away_since number?  the first of them
---@field private not_before number  when work may go on
---@field private polling { interval: number, probe_at: number, is_trying: boolean, e: perilune.Error }?
---@field private wanted boolean?  by `prepare`
---@field private closed boolean?
local Updates = {}
Updates.__index = Updates

local updates = {}

---@param connection perilune.vim.Connection
---@return perilune.vim.Updates
function updates.new(connection)
  local self = setmetatable({
    connection = connection,
    subscriptions = {},
    workers = {},
    pace = pace.new(task.now),
    failures = 0,
    not_before = 0,
  }, Updates)
  self.waitlist = waitlist.new(self)
  self.subscriptions[self.waitlist] = true
  return self
end

--- Calls a method before all that waits for a connection: news must not queue behind the work it is about.
---@return any
function Updates:call(this, name, args, options)
  options = options or {}
  options.urgent = true
  return method.call(self.connection, this, name, args, options)
end

local function list_of(set)
  local list = {}
  for key in pairs(set) do
    list[#list + 1] = key
  end
  return list
end

-- Workers ---------------------------------------------------------------------------------------------------

local function cancel(worker)
  worker:cancel(err.new { code = "task.cancelled", message = "nobody waits any more" })
end

local function run(self, fn, ...)
  local pause = self.not_before - task.now()
  if pause > 0 then
    task.sleep(pause)
  end
  return fn(...)
end

--- Runs fn(…) in a task that nobody joins, one of a kind at a time. What goes wrong in it is seen to here.
---@param kind string
---@param fn function
---@return boolean  false when one of the kind runs
function Updates:start(kind, fn, ...)
  if self.workers[kind] then
    return false
  end
  local server, own, args = self.server, nil, table.pack(...)
  own = task.spawn(function()
    local ok, e = xpcall(run, err.wrap, self, fn, table.unpack(args, 1, args.n))
    if self.workers[kind] ~= own then
      return -- given up meanwhile
    end
    self.workers[kind] = nil
    if ok then
      self:work()
    else
      self:mend(kind, server, e)
    end
  end)
  own:context(false) -- it outlives the scope it was started in
  own:on_end(function() end) -- one that is cancelled before it began has not failed
  self.workers[kind] = own
  return true
end

--- Runs fn(…) in a task of its own, a few seconds at most, whatever comes of it.
local function aside(fn, ...)
  task.spawn(pcall, scope.timeout, FREE_SECONDS, fn, ...):context(false)
end

-- What the server makes --------------------------------------------------------------------------------------

local function build(self)
  local server = { version = "", filters = {}, of = {}, strays = {}, is_whole = true }
  scope.all {
    function() server.collector = self:call(self.connection.content.propertyCollector, "CreatePropertyCollector") end,
    function() self.waitlist:prepare() end,
  }
  server.prepared = self.waitlist
  self.server = server
end

local function destroy_filter(self, filter)
  self:call(filter, "DestroyPropertyFilter")
end

--- Makes the filter of a subscription. Reports of it may come before the answer that says which one it is.
local function attach(self, server, sub)
  if server.prepared ~= sub then
    sub:prepare()
  end
  server.prepared = nil
  sub:begin()
  local filter = self:call(server.collector, "CreateFilter", { spec = sub:spec(), partialUpdates = sub.partial })
  if not self.subscriptions[sub] then
    return aside(destroy_filter, self, filter)
  end
  server.filters[filter], server.of[sub] = sub, filter
  sub:attached()
  for _, reports in ipairs(server.strays[filter] or {}) do
    sub:see(reports.objectSet or {}, reports)
  end
  server.strays[filter] = nil
  if server.is_whole then
    sub:settle()
  end
end

--- A filter that was refused for what it asks concerns only who asks; what else is wrong concerns all.
local function is_own_fault(self, sub, e)
  return sub ~= self.waitlist and e.code == "vim.fault" and not fault.is(e.fault, "RuntimeFault")
    or e.code == "vim.property" or e.code:find "^soap%." ~= nil
    or fault.is(e.fault, "ManagedObjectNotFound") and e.fault.obj ~= e.object
    or sub ~= self.waitlist and (fault.is(e.fault, "InvalidRequest") or fault.is(e.fault, "InvalidArgument"))
end

local function attach_all(self)
  local server = self.server
  for _, sub in ipairs(list_of(self.subscriptions)) do
    if not server.of[sub] and self.subscriptions[sub] then
      local ok, e = xpcall(attach, err.wrap, self, server, sub)
      if not ok and not is_own_fault(self, sub, e) then
        error(e, 0)
      elseif not ok then
        sub:fail(e)
      end
      self:work()
    end
  end
  server.strays = {}
end

local function destroy(self, server)
  self:call(server.collector, "DestroyPropertyCollector")
end

-- Reports -----------------------------------------------------------------------------------------------------

--- The session may have ended in the middle of a report: objects then say so for each property.
local function check_session(reports)
  for _, report in ipairs(reports) do
    for _, missing in ipairs(report.missingSet or {}) do
      local data = fault.unwrap(missing.fault)
      if fault.is(data, "NotAuthenticated") then
        err.raise { code = "vim.session", message = "the session ended", fault = data }
      end
    end
  end
end

local function deliver(self, server, set)
  for _, reports in ipairs(set.filterSet or {}) do
    check_session(reports.objectSet or {})
  end
  for _, reports in ipairs(set.filterSet or {}) do
    local sub = server.filters[reports.filter]
    if sub then
      sub:see(reports.objectSet or {}, reports)
    elseif self.workers.attacher then
      local strays = server.strays[reports.filter] or {}
      server.strays[reports.filter] = strays
      strays[#strays + 1] = reports
    end
  end
end

--- Waits on the server for a report; nil when there was none.
local function next_report(self, server)
  local seconds = server.is_whole and self.pace:seconds() or 0
  server.asked, server.began = seconds, task.now()
  local set = self:call(server.collector, "WaitForUpdatesEx", {
    version = server.version,
    options = { maxWaitSeconds = seconds },
  }, { stall = seconds + GRACE, once = true })
  self.pace:answered(seconds, task.now() - server.began, set ~= nil)
  return set
end

local function is_needed(self)
  for sub in pairs(self.subscriptions) do
    if sub:is_needed() then
      return true
    end
  end
  return false
end

local function take(self, server, set)
  server.version, server.is_whole = set.version, not set.truncated
  deliver(self, server, set)
  if server.is_whole then
    for sub in pairs(server.of) do
      sub:settle()
    end
  end
end

local function listen(self)
  local server = self.server
  while self.server == server do
    local set = next_report(self, server)
    self.failures, self.away_since, self.polling = 0, nil, nil
    if set then
      take(self, server, set)
      self:work()
    end
    if server.is_whole and self.pace:is_looking() then
      if not is_needed(self) then
        return
      end
      task.sleep(self.pace:pause())
    end
  end
end

-- Without updates ---------------------------------------------------------------------------------------------

--- Reads everything; now and then it also tries whether updates can be had again.
local function poll_once(self, state)
  local is_news = false
  for _, sub in ipairs(list_of(self.subscriptions)) do
    is_news = self.subscriptions[sub] and sub:is_needed() and sub:poll() or is_news
  end
  self.away_since, self.failures = nil, 0
  state.interval = is_news and POLL_SOONEST or math.min(state.interval * 1.5, POLL_LATEST)
  if self.polling == state and not state.is_trying and task.now() >= state.probe_at then
    state.is_trying = true
    self:work()
  end
end

local function poll(self)
  while self.polling and is_needed(self) do
    task.sleep(self.polling.interval)
    if self.polling then -- updates may have come back
      poll_once(self, self.polling)
    end
  end
end

--- From now on everything is read now and then; updates are tried again later.
local function begin_polling(self, e)
  local state = self.polling or { interval = POLL_SOONEST }
  state.e, state.is_trying = e, false
  state.probe_at = task.now() + self.pace:put_off()
  self.polling = state
end

-- What to do next ---------------------------------------------------------------------------------------------

local function has_unattached(self)
  for sub in pairs(self.subscriptions) do
    if not self.server.of[sub] then
      return true
    end
  end
  return false
end

local function work_by_updates(self)
  if not self.server then
    self:start("builder", build, self)
    return
  end
  if has_unattached(self) then
    self:start("attacher", attach_all, self)
  end
  if next(self.server.of) then
    self:start("listener", listen, self)
  end
  for sub in pairs(self.server.of) do
    sub:work()
  end
end

--- Starts what there is to do.
function Updates:work()
  if self.closed then
    return
  end
  local is_wanted = self.wanted or is_needed(self)
  if self.polling and is_wanted then
    self:start("poller", poll, self)
  end
  if self.server or is_wanted then
    if not self.polling or self.polling.is_trying then
      work_by_updates(self)
    end
  end
end

--- What an error means for those who hear of changes: "version" (the server lost count), "gone" (what it made for us),
--- "away" (it cannot be reached), "cut" (an answer was lost), "over" (there is no way back), "refused" (updates are).
local function meaning_of(e)
  if fault.is(e.fault, "InvalidCollectorVersion") then
    return "version"
  elseif fault.is(e.fault, "ManagedObjectNotFound") or fault.is(e.fault, "NotAuthenticated")
    or fault.is(e.fault, "RequestCanceled") then
    return "gone"
  elseif retry.allows(e, false) then
    return "away"
  elseif retry.allows(e, true) then
    return "cut"
  elseif e.code == "vim.login" or e.code == "vim.session" or e.code == "http.closed" or e.code:find "^tls%." then
    return "over"
  end
  return "refused"
end

--- Everything that the filters select will be told again.
local function begin_again(server)
  server.version, server.is_whole = "", true
  for sub in pairs(server.of) do
    sub:begin()
  end
end

--- Subscriptions that have waited long enough for a server that is away learn of it.
local function lose_patience(self, e)
  local now = task.now()
  self.away_since = self.away_since or now
  self.failures = self.failures + 1
  self.not_before = now + (self.failures > 1 and retry.pause(self.failures - 1) or 0)
  for _, sub in ipairs(list_of(self.subscriptions)) do
    if now - self.away_since > sub.patience then
      sub:fail(e)
    end
  end
end

local function fail_all(self, e)
  for _, sub in ipairs(list_of(self.subscriptions)) do
    sub:fail(e)
  end
end

--- An answer to WaitForUpdatesEx was lost, and with it what it reported. The wait may still go on.
local function mend_cut(self, server, e)
  if server.asked == 0 then
    self:give_up()
    begin_polling(self, e)
    return
  end
  self.pace:cut(task.now() - server.began)
  begin_again(server)
  aside(self.call, self, server.collector, "CancelWaitForUpdates")
end

local function mend_by_meaning(self, kind, server, e)
  local meaning = meaning_of(e)
  local is_heard = kind == "listener" and self.server == server
  if meaning == "over" then
    self:give_up()
    fail_all(self, e)
  elseif meaning == "refused" or meaning ~= "away" and self.failures > FAILURES then
    self:give_up()
    begin_polling(self, e)
  elseif meaning == "version" and is_heard then
    begin_again(server)
  elseif meaning == "cut" and is_heard and not self.polling then
    mend_cut(self, server, e)
  elseif meaning ~= "away" then
    self:give_up()
  elseif kind == "attacher" then
    self.server.prepared = nil
  end
end

--- After an error of a worker: goes on in the way that is left, or tells all who wait.
function Updates:mend(kind, server, e)
  lose_patience(self, e)
  if kind ~= "poller" then
    mend_by_meaning(self, kind, server, e)
  elseif meaning_of(e) == "over" or meaning_of(e) == "refused" then
    fail_all(self, e)
  end
  self:work()
end

--- Forgets what the server made, and ends all that works on it.
function Updates:give_up()
  local server, workers = self.server, self.workers
  self.server, self.workers = nil, { poller = workers.poller }
  for kind, worker in pairs(workers) do
    if kind ~= "poller" then
      cancel(worker)
    end
  end
  if self.polling then
    self.polling.is_trying = false
  end
  if server and not self.closed then
    aside(destroy, self, server)
  end
end

-- For those who wait ------------------------------------------------------------------------------------------

local function check_open(self)
  if self.closed then
    err.raise { code = "vim.session", message = "the connection is closed" }
  end
end

--- Makes what listens before there is something to listen for: the first task need not wait for it. Does not wait.
function Updates:prepare()
  self.wanted = true
  self:work()
end

--- Whether everything is read now and then, since updates cannot be had.
---@return boolean
function Updates:is_polling()
  return self.polling ~= nil
end

--- Begins to listen for news of an object, until it has ended.
---@param waited perilune.vim.Watched
function Updates:hold(waited)
  check_open(self)
  self.waitlist:hold(waited)
end

--- Adds a subscription; its filter is made soon.
---@param sub perilune.vim.Subscription
function Updates:subscribe(sub)
  check_open(self)
  self.subscriptions[sub] = true
  sub:begin()
  self:work()
end

--- Makes what a subscription listens to anew.
---@param sub perilune.vim.Subscription
function Updates:renew(sub)
  local server = self.server
  local filter = server and server.of[sub]
  if filter then
    server.filters[filter], server.of[sub] = nil, nil
    aside(destroy_filter, self, filter)
  end
  self:work()
end

--- Ends a subscription: its filter is destroyed. Waits, not for long.
---@param sub perilune.vim.Subscription
function Updates:unsubscribe(sub)
  if not self.subscriptions[sub] then
    return
  end
  self.subscriptions[sub] = nil
  local server = self.server
  local filter = server and server.of[sub]
  if filter then
    server.filters[filter], server.of[sub] = nil, nil
    scope.shield(pcall, scope.timeout, FREE_SECONDS, destroy_filter, self, filter)
  end
end

--- Ends everything; the collector is destroyed, and with it the wait on the server, which would outlive the
--- connection. Waits, not for long.
function Updates:close()
  if self.closed then
    return
  end
  self.closed = true
  local server, subs = self.server, list_of(self.subscriptions)
  self:give_up()
  if self.workers.poller then
    cancel(self.workers.poller)
    self.workers = {}
  end
  fail_all(self, err.new { code = "vim.session", message = "the connection was closed" })
  pcall(scope.timeout, FREE_SECONDS, function()
    for _, sub in ipairs(subs) do
      sub:dispose()
    end
    if server then
      destroy(self, server)
    end
  end)
end

return updates
