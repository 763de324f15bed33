--- All objects that tasks wait for on a connection, vSphere tasks above all, under one property filter.
---
---     task:await() → hold → adders: ModifyListView, a few at once; what came up meanwhile goes in one call
---                           updates.lua: reports → the waiting tasks are woken
---                           remover: ModifyListView takes out what has ended, so that the list stays short
---
--- What happened before an object got into the list is reported at once, since it enters the filter with its
--- present values: nothing is missed, and the end of a task is heard of in the round trip that puts it into the
--- list, or when it comes. None of this runs in the tasks that wait: whoever is cancelled just goes, and the object
--- stays in the list until it has ended.
local collector = require "perilune.vim.collector"
local err = require "perilune.err"
local fault = require "perilune.vim.fault"
local handle = require "perilune.c.object"

local waitlist = {}

local ADDERS = 4    -- calls at once that put objects into the list
local PATIENCE = 60 -- seconds for which the server may be away before those who wait are told

---@class perilune.vim.Waitlist: perilune.vim.Subscription
---@field private updates perilune.vim.Updates
---@field private held table<userdata, perilune.vim.Watched>  what is in the list, or is to be
---@field private added table<userdata, boolean>  to be put into the list
---@field private removed table<userdata, boolean>  to be taken out of it
---@field private leaving table<userdata, boolean>  being taken out of it
---@field private view userdata?  the list on the server
local Waitlist = { partial = false, patience = PATIENCE }
Waitlist.__index = Waitlist

---@param updates perilune.vim.Updates
---@return perilune.vim.Waitlist
function waitlist.new(updates)
  return setmetatable({ updates = updates, held = {}, added = {}, removed = {}, leaving = {} }, Waitlist)
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

-- The list on the server ------------------------------------------------------------------------------------

local function modify(self, view, add, remove)
  local unresolved = self.updates:call(view, "ModifyListView", { add = add, remove = remove })
  for _, ref in ipairs(add and unresolved or {}) do
    local waited = self.held[ref]
    if waited then
      drop(self, ref)
      waited:vanish()
    end
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
  local view = self.view
  local list = take_added(self)
  while #list > 0 do
    modify(self, view, list, nil)
    list = take_added(self)
  end
end

local function remove(self)
  local view = self.view
  while next(self.removed) do
    self.leaving, self.removed = self.removed, {}
    modify(self, view, nil, keys(self.leaving))
    self.leaving = {}
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

local function start_adder(self)
  for i = 1, ADDERS do
    if self.updates:start("adder " .. i, add, self) then
      return
    end
  end
end

-- What updates.lua asks of it -------------------------------------------------------------------------------

--- What is reported of each type that can be waited for. Of a task only what changes, and whose it is: the less a
--- report holds, the less the server has to compare.
local REPORTED = {
  {
    type = "Task",
    all = false,
    pathSet = {
      "info.state", "info.progress", "info.error", "info.result", "info.entity", "info.entityName",
      "info.descriptionId",
    },
  },
  { type = "VirtualMachine", all = false, pathSet = { "runtime.powerState" } },
}

--- Makes the list, empty.
function Waitlist:prepare()
  self.view = nil
  self.view = self.updates:call(self.updates.connection.content.viewManager, "CreateListView", {})
end

function Waitlist:spec()
  return {
    propSet = REPORTED,
    objectSet = {
      {
        obj = self.view,
        skip = true,
        selectSet = {
          { _typeName = "TraversalSpec", name = "view", type = "ListView", path = "view", skip = false },
        },
      },
    },
  }
end

--- The list is a new one: everything is put into it.
function Waitlist:attached()
  self.removed, self.leaving = {}, {}
  for ref in pairs(self.held) do
    self.added[ref] = true
  end
end

--- Starts what there is to do on the server.
function Waitlist:work()
  if next(self.removed) then
    self.updates:start("remover", remove, self)
  end
  if can_add(self) then
    start_adder(self)
  end
end

---@return boolean  whether anybody waits
function Waitlist:is_needed()
  return next(self.held) ~= nil
end

function Waitlist:begin() end -- luacheck: ignore 212 (what is told again is seen again)

function Waitlist:settle() end -- luacheck: ignore 212

local function settle_object(self, ref, waited)
  if waited:is_settled() then
    drop(self, ref)
  end
end

local function fail_for(waited, missing_fault, path, ref)
  waited:fail(fault.error(missing_fault, nil, { method = "get " .. path, object = ref }))
end

---@param reports table[]  ObjectUpdates
function Waitlist:see(reports)
  for _, report in ipairs(reports) do
    local waited = self.held[report.obj]
    if waited then -- else a late or repeated report of one that has ended
      waited:see(report.changeSet or {})
      for _, missing in ipairs(report.missingSet or {}) do
        fail_for(waited, missing.fault, missing.path, report.obj)
      end
      if report.kind == "leave" and not waited:is_settled() then
        waited:vanish()
      end
      settle_object(self, report.obj, waited)
    end
  end
end

-- Without updates -------------------------------------------------------------------------------------------

local function objects_of(held)
  local list = {}
  for ref in pairs(held) do
    list[#list + 1] = { obj = ref }
  end
  return list
end

--- Whether a row says something that was not known.
local function differs(seen, row)
  for path, value in pairs(row) do
    if path ~= "ref" and path ~= "missing" and seen[path] ~= value and type(value) ~= "table" then
      return true
    end
  end
  return false
end

local function see_row(self, waited, row)
  local before = waited.polled or {}
  waited.polled = row
  local changes = {}
  for path, value in pairs(row) do
    if path ~= "ref" and path ~= "missing" then
      changes[#changes + 1] = { name = path, val = value }
    end
  end
  local is_news = differs(before, row)
  if is_news then
    waited:see(changes)
  end
  for path, problem in pairs(row.missing or {}) do
    fail_for(waited, problem, path, row.ref)
  end
  settle_object(self, row.ref, waited)
  return is_news
end

local function read(self, held)
  return collector.retrieve(self.updates.connection, {
    spec_set = { { propSet = REPORTED, objectSet = objects_of(held), reportMissingObjectsInResults = true } },
  })
end

--- Reads how all that is waited for stands, in one request.
---@return boolean  whether there was news
function Waitlist:poll()
  local held = {}
  for ref, waited in pairs(self.held) do
    held[ref] = waited
  end
  local is_news = false
  for _, row in ipairs(read(self, held)) do
    local waited = self.held[row.ref]
    if waited and held[row.ref] then
      is_news = see_row(self, waited, row) or is_news
    end
    held[row.ref] = nil
  end
  for ref, waited in pairs(held) do
    if self.held[ref] then
      drop(self, ref)
      waited:vanish()
    end
  end
  return is_news
end

--- All that wait learn that there will be no news.
---@param e perilune.Error
function Waitlist:fail(e)
  local held = self.held
  self.held, self.added, self.removed = {}, {}, {}
  for _, waited in pairs(held) do
    waited:fail(e)
  end
end

function Waitlist:dispose() end -- luacheck: ignore 212 (the list ends with the session)

--- Begins to listen for news of an object, until it has ended.
---@param waited perilune.vim.Watched
function Waitlist:hold(waited)
  if not handle.is(waited.ref) then
    err.raise { code = "argument", message = "only a managed object can be waited for" }
  end
  if not self.held[waited.ref] then
    waited.polled = nil
    self.held[waited.ref] = waited
    self.added[waited.ref] = true
    self.updates:work()
  end
end

return waitlist
