--- Reading properties of many objects: one RetrievePropertiesEx, its pages followed, rows as they come.
---
--- Both ways in which servers refuse an unknown property (a fault of the call, a fault beside each object)
--- become one error; most are found before anything is sent.
local err = require "perilune.err"
local fault = require "perilune.vim.fault"
local handle = require "perilune.c.object"
local method = require "perilune.vim.method"
local moid = require "perilune.vim.moid"
local object = require "perilune.vim.object"
local paths = require "perilune.vim.property"
local scope = require "perilune.util.scope"

local collector = {}

local FREE_SECONDS = 2 -- for telling the server that no more pages are wanted

---@class perilune.vim.Row
---@field ref userdata
---@field missing table<string, table>?  path → fault, of what could not be read

--- Refuses property paths that the API, or the server's version of it, does not have.
---@param spec_set table[]  PropertyFilterSpec
---@param api_version string?  absent: any
function collector.check(spec_set, api_version)
  for _, filter in ipairs(spec_set) do
    for _, property in ipairs(filter.propSet or {}) do
      moid.check_type(property.type)
      for _, path in ipairs(property.pathSet or {}) do
        paths.check(property.type, path, api_version)
      end
    end
  end
end

---@class perilune.vim.Reader  one retrieval in progress
---@field private connection perilune.vim.Connection
---@field private spec_set table[]
---@field private page integer?
---@field private reply perilune.vim.Reply?
---@field private token string?  of the page that follows
---@field private started boolean
---@field private generation integer  of the session that it began with
local Reader = {}
Reader.__index = Reader

local function new_reader(connection, options)
  if not options.unchecked then
    collector.check(options.spec_set, connection.api_version)
  end
  return setmetatable({
    connection = connection,
    spec_set = options.spec_set,
    page = options.page,
    started = false,
  }, Reader)
end

function Reader:open(name, args, options)
  local this = self.connection.content.propertyCollector
  options.rows = true
  self.reply = method.open(self.connection, this, name, args, options)
end

function Reader:start()
  self.started = true
  self.generation = select(2, self.connection.session:ready())
  self:open("RetrievePropertiesEx", { specSet = self.spec_set, options = { maxObjects = self.page } }, {})
end

--- Ends a page; begins the next one if there is one.
function Reader:turn()
  local reply = self.reply
  local kind, value = reply:finish()
  reply:close()
  self.reply = nil
  if kind == "fault" then
    error(fault.error(value.fault, value.message, { method = "RetrievePropertiesEx" }), 0)
  end
  self.token = value and value.token
  if self.token then
    local token = self.token
    self.token = nil -- it works once
    self:open("ContinueRetrievePropertiesEx", { token = token }, { once = true })
  end
end

--- Looks at what could not be read of an object: raises what concerns the whole read; the rest is the caller's.
--- A server may say beside an object, rather than of the call, that it forgot the session.
local function check_missing(self, row)
  for path, problem in pairs(row.missing) do
    local data = fault.unwrap(problem)
    if fault.is(data, "NotAuthenticated") then
      self.connection.session:forget(self.generation)
      err.raise { code = "vim.session", message = "the session ended while properties were read", fault = data }
    elseif fault.is(data, "InvalidProperty") then
      err.raise {
        code = "vim.property",
        message = ("%s has no property %q"):format(tostring(row.ref), path),
        fault = data,
      }
    end
  end
end

--- The next row, or nil after the last. Waits.
---@return perilune.vim.Row?
function Reader:next()
  if not self.started then
    self:start()
  end
  while self.reply do
    local row = self.reply:row()
    if row then
      if row.missing then
        check_missing(self, row)
      end
      return row
    end
    self:turn()
  end
end

--- Frees what the server still keeps. May be called at any time and often.
function Reader:close()
  if self.reply then
    self.reply:close()
    self.reply = nil
  end
  if self.token then
    local token, this = self.token, self.connection.content.propertyCollector
    self.token = nil
    scope.shield(pcall, scope.timeout, FREE_SECONDS, method.call, self.connection, this,
      "CancelRetrievePropertiesEx", { token = token })
  end
end

Reader.__close = Reader.close

--- Rows one by one, while later ones are still on their way: `for row in collector.each(…) do`.
---@param connection perilune.vim.Connection
---@param options { spec_set: table[], page: integer? }
---@return fun(): perilune.vim.Row?
---@return nil
---@return nil
---@return perilune.vim.Reader  closed when the loop ends
function collector.each(connection, options)
  local reader = new_reader(connection, options)
  return function() return reader:next() end, nil, nil, reader
end

local function all_rows(connection, options)
  local rows = {}
  for row in collector.each(connection, options) do
    rows[#rows + 1] = row
  end
  return rows
end

--- As all_rows; seen.generation is the number of the login before.
local function seen_rows(connection, options, seen)
  local _, generation = connection.session:ready()
  seen.generation = generation
  return all_rows(connection, options)
end

--- All rows in a list; the whole read is repeated when the connection or the session is lost on the way.
---@param connection perilune.vim.Connection
---@param options { spec_set: table[], page: integer? }
---@return perilune.vim.Row[]
function collector.retrieve(connection, options)
  local retrying, seen = connection.retrying, {}
  local ok, rows = xpcall(retrying.run, err.wrap, retrying, true, seen_rows, connection, options, seen)
  if ok then
    return rows
  elseif not fault.is(rows.fault, "NotAuthenticated") then
    error(rows, 0)
  end
  connection.session:forget(seen.generation)
  return retrying:run(true, seen_rows, connection, options, seen)
end

local function read(this, unchecked, wanted)
  local rows = collector.retrieve(object.connection(this), {
    unchecked = unchecked,
    spec_set = {
      {
        propSet = { { type = handle.type(this), pathSet = wanted } },
        objectSet = { { obj = this } },
      },
    },
  })
  local row, values = rows[1] or {}, {}
  for i, path in ipairs(wanted) do
    local problem = row.missing and row.missing[path]
    if problem then
      error(fault.error(problem, nil, { method = "get " .. path, object = this }), 0)
    end
    values[i] = row[path]
  end
  return table.unpack(values, 1, #wanted)
end

--- Properties of one object, in the order asked for; nil where one is unset. Raises what could not be read.
---@param this userdata
---@param ... string
---@return any ...
function collector.get(this, ...)
  return read(this, false, { ... })
end

object.define("get", collector.get, function(this, ...) return read(this, true, { ... }) end)

return collector
