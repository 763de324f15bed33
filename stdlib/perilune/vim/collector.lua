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
local resume = require "perilune.vim.resume"
local scope = require "perilune.util.scope"
local task = require "perilune.c.task"

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

-- Reading -------------------------------------------------------------------------------------------------

---@class perilune.vim.Reader  one retrieval in progress
---@field private connection perilune.vim.Connection
---@field private spec_set table[]
---@field private page integer?
---@field private reply perilune.vim.Reply?  of the present page
---@field private kept perilune.vim.Row[]?  its rows, where they were read ahead
---@field private taken integer  rows of the page so far
---@field private ahead userdata?  the task that asks for the next page
---@field private is_stream boolean  whether the reply is counted among the answers that wait
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
    is_stream = false,
    started = false,
  }, Reader)
end

--- An answer that waits for who reads it holds a connection. So that some are always free for what is called
--- meanwhile, only so many answers may wait.
local function may_stream(connection)
  return connection.streams < connection.connections // 2 - 1
end

local function count_stream(connection, change)
  connection.streams = connection.streams + change
end

--- Begins to read a page. Where no more answers may wait, it is read to the end now.
function Reader:begin(reply, was_counted)
  self.reply, self.taken, self.kept = reply, 0, nil
  if not was_counted and may_stream(self.connection) then
    count_stream(self.connection, 1)
    was_counted = true
  end
  self.is_stream = was_counted or false
  if was_counted then
    return
  end
  local rows = {}
  for row in reply.row, reply do
    rows[#rows + 1] = row
  end
  self.kept = rows
end

local function open(connection, name, args, options)
  options.rows = true
  return method.open(connection, connection.content.propertyCollector, name, args, options)
end

local function open_next(connection, token, operation)
  return open(connection, "ContinueRetrievePropertiesEx", { token = token }, { once = true, operation = operation })
end

function Reader:start()
  self.started = true
  self.generation = select(2, self.connection.session:ready())
  local args = { specSet = self.spec_set, options = { maxObjects = self.page } }
  self:begin(open(self.connection, "RetrievePropertiesEx", args, {}))
end

--- Asks for the next page while this one is read: the server makes it meanwhile.
function Reader:look_ahead()
  local token = self.reply:seen "token"
  if token and may_stream(self.connection) then
    count_stream(self.connection, 1)
    self.ahead = task.spawn(open_next, self.connection, token, self.connection:operation())
    self.ahead:context(false) -- its errors are of who comes for the page
    self.ahead:on_end(function() end)
  end
end

local function joined(ok, ...)
  if not ok then
    error(..., 0)
  end
  return ...
end

--- Goes on with the page that was asked for ahead, or is asked for now.
function Reader:follow(token)
  local ahead = self.ahead
  if ahead then
    local reply = joined(ahead:join())
    self.ahead = nil
    self:begin(reply, true)
  elseif token then
    self:begin(open_next(self.connection, token))
  end
end

--- The reply does not wait any more.
function Reader:drop()
  self.reply:close()
  self.reply, self.kept = nil, nil
  if self.is_stream then
    self.is_stream = false
    count_stream(self.connection, -1)
  end
end

--- Ends a page; begins the next one if there is one.
function Reader:turn()
  local kind, value = self.reply:finish()
  self:drop()
  if kind == "fault" then
    error(fault.error(value.fault, value.message, { method = "RetrievePropertiesEx" }), 0)
  end
  self:follow(value and value.token)
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

function Reader:row()
  local kept = self.kept
  local row
  if kept then
    row = kept[self.taken + 1]
  else
    row = self.reply:row()
  end
  if row then
    self.taken = self.taken + 1
    if self.taken == 2 and not kept then
      self:look_ahead() -- who takes one row only may want no more
    end
  end
  return row
end

--- The next row, or nil after the last. Waits.
---@return perilune.vim.Row?
function Reader:next()
  if not self.started then
    self:start()
  end
  while self.reply do
    local row = self:row()
    if row then
      if row.missing then
        check_missing(self, row)
      end
      return row
    end
    self:turn()
  end
end

--- The token of what comes after a page that was asked for ahead. Waits.
local function token_after(ahead)
  local ok, reply = ahead:join()
  if not ok then
    return nil
  end
  local closing <close> = reply -- luacheck: ignore 211
  if reply:row() then
    return reply:seen "token"
  end
  local kind, value = reply:finish()
  return kind == "result" and value and value.token or nil
end

--- Tells the server that what follows is not wanted.
local function free(connection, token, ahead)
  token = token or ahead and token_after(ahead)
  if token then
    local collecting = connection.content.propertyCollector
    method.call(connection, collecting, "CancelRetrievePropertiesEx", { token = token }, { once = true })
  end
end

--- Frees what the server still keeps. May be called at any time and often.
function Reader:close()
  local ahead = self.ahead
  local token = self.reply and not ahead and self.reply:seen "token"
  self.ahead = nil
  if self.reply then
    self:drop()
  end
  if token or ahead then
    scope.shield(pcall, scope.timeout, FREE_SECONDS, free, self.connection, token, ahead)
  end
  if ahead then
    ahead:cancel(err.new { code = "task.cancelled", message = "no more rows are wanted" })
    count_stream(self.connection, -1)
  end
end

Reader.__close = Reader.close

--- Rows one by one, while later ones are still on their way: `for row in collector.each(…) do`.
---@param connection perilune.vim.Connection
---@param options { spec_set: table[], page: integer? }
---@return fun(): perilune.vim.Row?
---@return nil
---@return nil
---@return perilune.vim.Resumed  closed when the loop ends
function collector.each(connection, options)
  local resumed = resume.new(connection, function() return new_reader(connection, options) end)
  return function() return resumed:next() end, nil, nil, resumed
end

local function all_rows(connection, options)
  local rows = {}
  local reader <close> = new_reader(connection, options)
  for row in reader.next, reader do
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
