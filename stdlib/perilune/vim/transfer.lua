--- Moving bytes between files and servers: streamed, measured, checked, and taken up again where that is possible.
---
--- A *source* gives bytes: the path of a file, or `{ size =, read = function() … end }`. A download goes to
--- PATH.part, which becomes PATH when it is whole, checked and on the disk; so PATH is never half a file.
local digest = require "perilune.c.digest"
local err = require "perilune.err"
local file = require "perilune.c.file"
local json = require "perilune.c.json"
local retry = require "perilune.vim.retry"
local task = require "perilune.c.task"

local ATTEMPTS = 5          -- of a download without a byte in between
local REPORT_SECONDS = 0.1  -- between two calls of on_progress, but for the last

local transfer = {}

---@class perilune.vim.TransferOptions
---@field on_progress fun(done: integer, total: integer?)?  called now and then, and at the end; must not wait
---@field sha256 string|true|nil  what the bytes must have; true: only to be told
---@field sha1 string|true|nil
---@field resume boolean?  of downloads: keep what came when it fails, and go on from there the next time

---@class perilune.vim.Transferred
---@field size integer  bytes
---@field sha256 string?  if it was asked for
---@field sha1 string?

-- What is measured on the way ----------------------------------------------------------------------------

---@class perilune.vim.Gauge
---@field done integer
---@field total integer?
---@field private options perilune.vim.TransferOptions
---@field private sums table<string, userdata>
local Gauge = {}
Gauge.__index = Gauge

local function new_gauge(options, total)
  local self = setmetatable({ options = options, total = total, told = -math.huge }, Gauge)
  self:reset()
  return self
end

--- Begins anew.
function Gauge:reset()
  self.done, self.sums = 0, {}
  for _, name in ipairs { "sha1", "sha256" } do
    self.sums[name] = self.options[name] and digest.new(name) or nil
  end
end

function Gauge:tell()
  self.told = task.now()
  if self.options.on_progress then
    self.options.on_progress(self.done, self.total)
  end
end

function Gauge:add(bytes)
  self.done = self.done + #bytes
  for _, sum in pairs(self.sums) do
    sum:add(bytes)
  end
  if task.now() - self.told >= REPORT_SECONDS then
    self:tell()
  end
end

--- The end: tells of it, and raises where the bytes are not those that were wanted.
---@param what string  for the message
---@return perilune.vim.Transferred
function Gauge:finish(what)
  local result = { size = self.done }
  self:tell()
  for name, sum in pairs(self.sums) do
    local wanted = self.options[name]
    result[name] = sum:hex()
    if wanted ~= true and wanted:lower() ~= result[name] then
      err.raise {
        code = "transfer.checksum",
        message = ("%s has the %s %s, not %s"):format(what, name:upper(), result[name], wanted:lower()),
      }
    end
  end
  return result
end

-- Sources ------------------------------------------------------------------------------------------------

---@class perilune.vim.Source
---@field size integer?  nil: not known before the end
---@field name string  for messages
---@field again boolean  it can be opened more than once
---@field open fun(): { read: fun(): string?, close: fun() }

local function file_source(path)
  local facts = file.stat(path)
  if not facts or facts.is_folder then
    err.raise {
      code = "io",
      message = facts and ("%s is a folder"):format(path) or ("there is no file %s"):format(path),
    }
  end
  return {
    size = facts.size,
    name = path,
    again = true,
    open = function()
      local from = file.open(path)
      return setmetatable({ read = function() return from:read() end }, { __close = function() from:close() end })
    end,
  }
end

--- What gives the bytes of an upload.
---@param what string|{ size: integer?, read: fun(): string? }  the path of a file, or a function that gives pieces
---@return perilune.vim.Source
function transfer.source(what)
  if type(what) == "string" then
    return file_source(what)
  elseif type(what) == "table" and type(what.read) == "function" then
    return {
      size = what.size,
      name = what.name or "what was given",
      again = false,
      open = function()
        return setmetatable({ read = what.read }, { __close = function() end })
      end,
    }
  end
  err.raise {
    code = "argument",
    message = "what is sent is the path of a file, or { size = bytes, read = function() … end }",
  }
end

-- Sending ------------------------------------------------------------------------------------------------

--- Sends a source as the body of a request. Waits. What it sends is never sent again.
---@param send fun(body: fun(): string?, length: integer?): table  makes the request; returns its response, or raises
---@param source perilune.vim.Source
---@param options perilune.vim.TransferOptions
---@return perilune.vim.Transferred
function transfer.send(send, source, options)
  local gauge = new_gauge(options, source.size)
  local reader <close> = source.open()
  local response <close> = send(function()
    local bytes = reader.read()
    if bytes then
      gauge:add(bytes)
    end
    return bytes
  end, source.size)
  response:text()
  return gauge:finish(source.name)
end

-- Receiving ----------------------------------------------------------------------------------------------

---@class perilune.vim.Sink
---@field write fun(bytes: string)
---@field restart fun()?  forgets what was written; nil: that is not possible

---@class perilune.vim.Download
---@field private fetch fun(headers: table<string, string>): table
---@field private sink perilune.vim.Sink
---@field private gauge perilune.vim.Gauge
---@field private validator string?  names the version of what is downloaded
---@field private on_validator fun(validator: string?)?
local Download = {}
Download.__index = Download

local function headers_of(self)
  local headers = { ["Accept-Encoding"] = "identity" } -- ranges are of what is sent
  if self.gauge.done > 0 then
    headers["Range"] = ("bytes=%d-"):format(self.gauge.done)
    headers["If-Range"] = self.validator
  end
  return headers
end

local function restart(self)
  if self.gauge.done > 0 then
    if not self.sink.restart then
      err.raise { code = "http.cut", message = "the server does not go on with a download that was cut off" }
    end
    self.sink.restart()
    self.gauge:reset()
  end
end

--- What tells this version of a file from others, by bytes: weak tags do not.
local function validator_of(response)
  local tag = response:header "ETag"
  return tag and not tag:find "^W/" and tag or (response:header "Last-Modified")
end

--- Looks at the head: does the answer go on where we are, or begin anew?
local function begin(self, response)
  local first, total = (response:header "Content-Range" or ""):match "^bytes (%d+)%-%d+/(%d+)"
  if response.status == 206 and math.tointeger(first) == self.gauge.done then
    self.gauge.total = math.tointeger(total)
    return
  end
  restart(self)
  self.gauge.total = math.tointeger((response:header "Content-Length"))
  self.validator = validator_of(response)
  if self.on_validator then
    self.on_validator(self.validator)
  end
end

local function check_length(gauge)
  if gauge.total and gauge.done ~= gauge.total then
    err.raise {
      code = "http.cut",
      message = ("%d of %d bytes came"):format(gauge.done, gauge.total),
    }
  end
end

--- One request, and what it brings.
local function attempt(self)
  if not self.validator then
    restart(self)
  end
  local response <close> = self.fetch(headers_of(self))
  if response.status == 416 then -- there is nothing behind what we have
    restart(self)
    return attempt(self)
  end
  begin(self, response)
  local bytes = response:read()
  while bytes do
    self.sink.write(bytes)
    self.gauge:add(bytes)
    bytes = response:read()
  end
  check_length(self.gauge)
end

--- Goes on after losses of the connection, from where it was where the server allows that.
local function run(self)
  local failures = 0
  while true do
    local before = self.gauge.done
    local ok, e = xpcall(attempt, err.wrap, self)
    if ok then
      return
    end
    failures = self.gauge.done > before and 1 or failures + 1
    if failures >= ATTEMPTS or not retry.allows(e, true) then
      error(e, 0)
    end
    task.sleep(retry.pause(failures))
  end
end

--- Downloads into a sink. Waits.
---@param fetch fun(headers: table<string, string>): table  makes the request; returns its response, of status 200,
---  206 or 416
---@param sink perilune.vim.Sink
---@param what string  for messages
---@param options perilune.vim.TransferOptions
---@return perilune.vim.Transferred
function transfer.receive(fetch, sink, what, options)
  local self = setmetatable({ fetch = fetch, sink = sink, gauge = new_gauge(options) }, Download)
  run(self)
  return self.gauge:finish(what)
end

-- Receiving into a file ----------------------------------------------------------------------------------

--- What is known of a part that an earlier run has left: its validator; nil if it is of no use.
local function read_notes(notes, what)
  local from = io.open(notes, "rb")
  local ok, value = pcall(json.decode, from and from:read "a" or "")
  if from then
    from:close()
  end
  if ok and type(value) == "table" and value.what == what and type(value.validator) == "string" then
    return value.validator
  end
end

local function write_notes(notes, what, validator)
  local to <close> = assert(io.open(notes, "wb"))
  to:write(json.encode { what = what, validator = validator })
end

--- Takes up what an earlier run has left.
local function take_up(self, to)
  local bytes = to:read()
  while bytes do
    self.gauge:add(bytes)
    bytes = to:read()
  end
end

local function file_sink(to)
  return {
    write = function(bytes) to:write(bytes) end,
    restart = function()
      to:seek(0)
      to:truncate(0)
    end,
  }
end

--- Removes the part of a download that failed, unless it is to be kept.
local function cleaner(part, notes)
  return setmetatable({}, {
    __close = function(self)
      if not self.keeps then
        file.remove(part)
        file.remove(notes)
      end
    end,
  })
end

local function keep_notes(self, notes, what)
  self.on_validator = function(validator)
    if validator then
      write_notes(notes, what, validator)
    end
  end
end

--- Downloads into a file, which is there when it is whole, and not before. Waits.
---@param fetch fun(headers: table<string, string>): table  as for `receive`
---@param path string
---@param what string  which download this is: its URL
---@param options perilune.vim.TransferOptions
---@return perilune.vim.Transferred
function transfer.receive_file(fetch, path, what, options)
  local part, notes = path .. ".part", path .. ".part.json"
  local validator = options.resume and read_notes(notes, what)
  local to <close> = file.open(part, validator and "update" or "make")
  local cleaning <close> = cleaner(part, notes)
  local self = setmetatable({ fetch = fetch, sink = file_sink(to), gauge = new_gauge(options) }, Download)
  if options.resume then
    self.validator = validator
    keep_notes(self, notes, what)
    take_up(self, to)
    cleaning.keeps = true
  end
  run(self)
  cleaning.keeps = false
  local result = self.gauge:finish(path)
  to:sync()
  file.rename(part, path)
  return result
end

return transfer
