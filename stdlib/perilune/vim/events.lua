--- `vc:events { types =, entity =, since = }`: what happened, oldest first, then what happens.
---
---     for e in vc:events { types = { "VmEvent" }, since = "1h" } do
---       print(e.createdTime, e._typeName, e.fullFormattedMessage)
---     end
---
--- A history collector on the server knows how far it was read, so each event is read once, however many come at
--- once. Its latest page is only a sign that there is more to read: it comes by the one WaitForUpdatesEx of the
--- connection. When the collector is lost, or an answer, which leaves open how far it was read, a new collector begins
--- a little earlier, and what was had already is left out (position.lua).
local err = require "perilune.err"
local fault = require "perilune.vim.fault"
local handle = require "perilune.c.object"
local method = require "perilune.vim.method"
local position = require "perilune.vim.position"
local retry = require "perilune.vim.retry"
local schema = require "perilune.c.schema"
local scope = require "perilune.util.scope"
local semaphore = require "perilune.util.semaphore"
local task = require "perilune.c.task"
local time = require "perilune.c.time"
local units = require "perilune.util.units"

local events = {}

local PAGE = 1000         -- events in one answer, as many as servers give
local SIGN = 10           -- events on the latest page: it is only looked whether it changes
local LOOK_SECONDS = 60   -- after so long without a sign there may be events nevertheless
local PATIENCE = 600      -- seconds for which the server may be away
local FREE_SECONDS = 2

---@class perilune.vim.Events: perilune.vim.Subscription
---@field position string  how far the events were taken; `from` of a later iterator
---@field private connection perilune.vim.Connection
---@field private filter table  EventFilterSpec, without times
---@field private at perilune.vim.Position
---@field private collector userdata?
---@field private page table[]  events that were read and not taken
---@field private taken integer  of the page
---@field private is_news boolean  whether there may be more to read
---@field private is_live boolean
---@field private readers table<userdata, boolean>
---@field private turn perilune.util.Semaphore  one task reads
---@field private lost_since number?
---@field private losses integer  in a row
---@field private failure perilune.Error?
---@field private closed boolean?
local Events = { partial = false, patience = PATIENCE }

function Events:__index(key)
  if key == "position" then
    return tostring(rawget(self, "at"))
  end
  return Events[key]
end

-- What is asked for -------------------------------------------------------------------------------------------

local function refuse(message, hint)
  err.raise { code = "argument", message = "events: " .. message, hint = hint }
end

local function event_types()
  local list = {}
  for _, name in ipairs(schema.names "type") do
    if schema.is_a(name, "Event") then
      list[#list + 1] = name
    end
  end
  return list
end

--- A type of events selects those derived from it, which servers do not know of; an id as `esx.problem.…` itself.
local function add_type(ids, name, all)
  if type(name) == "string" and name:find(".", 1, true) then
    ids[#ids + 1] = name
    return
  elseif type(name) ~= "string" or not schema.is_a(name, "Event") then
    refuse(("there is no type of events %q"):format(tostring(name)), err.suggest(tostring(name), all))
  end
  for _, one in ipairs(all) do
    if schema.is_a(one, name) then
      ids[#ids + 1] = one
    end
  end
end

local function type_ids(types)
  if types == nil then
    return nil
  end
  local ids, all = {}, event_types()
  for _, name in ipairs(type(types) == "table" and types or { types }) do
    add_type(ids, name, all)
  end
  return ids
end

local RECURSIONS = { all = true, self = true, children = true }

local function filter_of(options)
  local recursion = options.recursion or "all"
  if options.entity ~= nil and not handle.is(options.entity) then
    refuse("entity is no object", "entity = vc:find_one {…}")
  elseif not RECURSIONS[recursion] then
    refuse(("recursion %q"):format(tostring(recursion)), 'write "all", "self" or "children"')
  end
  return {
    eventTypeId = type_ids(options.types),
    entity = options.entity and { entity = options.entity, recursion = recursion },
    maxCount = SIGN,
  }
end

local function since_of(connection, since)
  if since == nil or time.is(since) then
    return since
  elseif type(since) == "string" and since:find "T" then
    return time.parse(since)
  end
  local seconds, problem, hint = units.duration(since)
  if not seconds then
    refuse("since: " .. problem, hint .. ", or a time as 2026-12-31T00:00:00Z")
  end
  return connection:current_time() - seconds
end

local function position_of(connection, options)
  if options.from == nil then
    return position.new(since_of(connection, options.since))
  elseif options.since ~= nil then
    refuse "since and from exclude each other"
  end
  return position.parse(options.from)
end

-- The collector -----------------------------------------------------------------------------------------------

local function free(self, collector)
  pcall(scope.timeout, FREE_SECONDS, method.call, self.connection, collector, "DestroyCollector")
end

local function free_aside(self)
  local collector = self.collector
  self.collector = nil
  if collector then
    task.spawn(free, self, collector):context(false)
  end
end

local function create(self)
  local filter = { time = { beginTime = self.at:begins() } }
  for name, value in pairs(self.filter) do
    filter[name] = value
  end
  if not filter.time.beginTime then
    filter.time = nil
  end
  local manager = self.connection.content.eventManager
  if not manager then
    err.raise { code = "vim.not_found", message = "the server has no events" }
  end
  local collector = method.call(self.connection, manager, "CreateCollectorForEvents", { filter = filter })
  if self.closed then
    return free(self, collector)
  end
  self.collector, self.page, self.taken, self.is_news = collector, {}, 0, true
end

--- Makes a collector that begins where the events were taken to. Also asked for by updates.lua.
function Events:prepare()
  free_aside(self)
  scope.shield(create, self) -- one whose answer is not waited for would stay
end

local function wake(self)
  for reader in pairs(self.readers) do
    reader:wake()
  end
end

-- Reading -----------------------------------------------------------------------------------------------------

--- Waits until there may be more to read.
local function wait(self)
  local me, until_ = task.current(), task.now() + LOOK_SECONDS
  self.readers[me] = true
  local waiting <close> = setmetatable({}, { __close = function() self.readers[me] = nil end }) -- luacheck: ignore 211
  while not (self.is_news and self.collector) and not self.failure and not self.closed do
    if not task.park(math.max(until_ - task.now(), 0)) then
      self.is_news = true
      until_ = task.now() + LOOK_SECONDS
    end
  end
end

--- Whether a new collector may do: this one is gone, or it is not known how far it was read.
local function is_loss(e)
  return retry.allows(e, true) or fault.is(e.fault, "ManagedObjectNotFound") or fault.is(e.fault, "NotAuthenticated")
end

local function begin_again(self, collector, e)
  self.lost_since, self.losses = self.lost_since or task.now(), self.losses + 1
  if not is_loss(e) or task.now() - self.lost_since > PATIENCE then
    error(e, 0)
  end
  if self.collector == collector then
    free_aside(self)
  end
  task.sleep(retry.pause(self.losses))
  if self.collector then
    return -- it was made anew meanwhile
  elseif self.is_live then
    self.connection.updates:renew(self)
  else
    self:prepare()
  end
end

local function read_page(self, collector)
  self.is_news = false
  local page = method.call(self.connection, collector, "ReadNextEvents", { maxCount = PAGE })
  if self.collector == collector then
    self.page, self.taken = page or {}, 0
    self.is_news = #self.page > 0
  end
  self.lost_since, self.losses = nil, 0
end

--- Reads on. Returns false when there is nothing more, and will not be.
local function read(self)
  if self.is_live then
    wait(self)
  elseif not self.is_news then
    return false
  end
  if self.closed or self.failure then
    return false
  end
  if not self.collector then
    self:prepare()
  end
  local collector = self.collector
  local ok, e = xpcall(read_page, err.wrap, self, collector)
  if not ok then
    begin_again(self, collector, e)
  end
  return true
end

--- The next event of the page that was not had yet.
local function take(self)
  while self.taken < #self.page do
    self.taken = self.taken + 1
    local event = self.page[self.taken]
    self.page[self.taken] = false
    if self.at:accepts(event) then
      self.at:note(event)
      return event
    end
  end
end

local function next_event(self)
  while not self.closed do
    local event = take(self)
    if event then
      return event
    elseif not read(self) then
      if self.failure then
        error(self.failure, 0)
      end
      return nil
    end
  end
end

--- The next event; nil at the end of the history (`live = false`) and after `close`. Waits.
---@return table? event  a data object, as VmPoweredOnEvent
function Events:next()
  return self.turn:with(next_event, self)
end

Events.__call = Events.next

-- What updates.lua asks of it -----------------------------------------------------------------------------------

function Events:spec()
  return {
    propSet = { { type = "EventHistoryCollector", all = false, pathSet = { "latestPage" } } },
    objectSet = { { obj = self.collector } },
  }
end

function Events:see()
  self.is_news = true
  wake(self)
end

Events.attached, Events.begin = Events.see, Events.see

function Events:settle() end -- luacheck: ignore 212

function Events:work() end -- luacheck: ignore 212

function Events:is_needed() -- luacheck: ignore 212
  return true
end

--- Without updates it is read as often as can be.
function Events:poll()
  if not self.collector then
    self:prepare()
  end
  local was_news = self.is_news
  self:see()
  return was_news
end

---@param e perilune.Error
function Events:fail(e)
  self.failure = self.failure or e
  wake(self)
  self.connection.updates:unsubscribe(self)
end

function Events:dispose()
  local collector = self.collector
  self.collector = nil
  if collector then
    free(self, collector)
  end
end

-- Opening and closing -------------------------------------------------------------------------------------------

--- Ends it, and frees what the server keeps for it. May be called often.
function Events:close()
  if not self.closed then
    self.closed = true
    wake(self)
    self.connection.updates:unsubscribe(self)
    scope.shield(self.dispose, self)
  end
end

Events.__close = Events.close

function Events:__tostring()
  return "events of " .. self.connection.name
end

---@class perilune.vim.EventOptions
---@field types string|string[]|nil  of events, with those derived from them, or ids as "esx.problem.net.…"
---@field entity userdata?  only of this object and what lies in it
---@field recursion "all"|"self"|"children"|nil  of the entity: itself, what lies in it, or both
---@field since string|number|userdata|nil  how long ago ("1h"), or a time; without, all that the server remembers
---@field from string?  a saved position, instead of since
---@field live boolean?  false: ends with the history

--- Events, oldest first: the history, then what happens. Waits.
---@param connection perilune.vim.Connection
---@param options perilune.vim.EventOptions?
---@return perilune.vim.Events
---@return nil
---@return nil
---@return perilune.vim.Events  closed when a loop over it ends
function events.open(connection, options)
  options = options or {}
  local self = setmetatable({
    connection = connection,
    filter = filter_of(options),
    at = position_of(connection, options),
    page = {},
    taken = 0,
    is_news = true,
    is_live = options.live ~= false,
    readers = {},
    turn = semaphore.new(1),
    losses = 0,
  }, Events)
  if self.is_live then
    connection.updates:subscribe(self)
  end
  return self, nil, nil, self
end

return events
