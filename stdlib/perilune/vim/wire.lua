--- One SOAP request and its answer: bytes out, a decoder fed chunk by chunk as they come in.
local err = require "perilune.err"
local soap = require "perilune.c.soap"
local task = require "perilune.c.task"
local time = require "perilune.c.time"

local wire = {}

local DESCRIBED = 65536 -- bytes of an unforeseen answer that are looked at

---@class perilune.vim.Call
---@field name string  of the method
---@field this userdata
---@field args table?
---@field body string?  the whole request, where the caller made it
---@field is_read boolean
---@field operation string?
---@field once boolean?  not to be sent again after a renewal of the session
---@field rows boolean?  the answer's objects are wanted one by one
---@field stall number|false|nil  seconds without a byte; false: no limit
---@field is_urgent boolean?  before those that wait for a connection already
---@field is_unchecked boolean?  not held against the schema
---@field is_unknown boolean?  the schema lacks the method: its result may be a list
---@field service perilune.vim.Service?  the one it goes to, where that is not the core

---@class perilune.vim.Reply
---@field status integer
---@field private response table
---@field private decoder table
---@field private ended boolean
---@field is_unknown boolean?  of a method that the schema lacks
local Reply = {}
Reply.__index = Reply

--- The next row that has come, or nil at the end of the answer. Waits.
---@return table?
function Reply:row()
  while true do
    local row = self.decoder:row()
    if row or self.ended then
      return row
    end
    self:pull()
  end
end

--- Takes what has come from the connection. Waits until there is something.
function Reply:pull()
  self.ended = not self.response:feed(self.decoder)
end

--- A field of the answer that has come already, while rows are still to come; nil if it has not.
---@param field string
---@return any
function Reply:seen(field)
  return self.decoder:seen(field)
end

--- Reads to the end.
---@return "result"|"fault" kind
---@return any value
function Reply:finish()
  while not self.ended do
    self:pull()
    while self.decoder:row() do end -- those that nobody asked for
  end
  return self.decoder:finish()
end

function Reply:close()
  self.response:close()
end

Reply.__close = Reply.close

local function cookie_in(response)
  for _, field in ipairs { response:header "Set-Cookie" } do
    local cookie = field:match "^%s*(vmware_soap_session=[^;]+)"
    if cookie then
      return cookie
    end
  end
end

--- The session as other services want to be told of it.
local function cookie_value(cookie)
  return cookie and cookie:match '^[^=]*="?([^"]*)'
end

local MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"

--- The time of an HTTP date, "Sun, 06 Nov 1994 08:49:37 GMT".
local function date_of(text)
  local day, month, year, clock = text:match "^%s*%a+, (%d%d) (%a%a%a) (%d%d%d%d) (%d%d:%d%d:%d%d) GMT%s*$"
  local at = MONTHS:find(month or "?", 1, true)
  if not at then
    return nil
  end
  local ok, date = pcall(time.parse, ("%s-%02d-%sT%sZ"):format(year, at // 3 + 1, day, clock))
  return ok and at % 3 == 1 and date or nil
end

--- Seconds after which a server wants to be asked again: a number, or a date by its own clock.
local function retry_after(response)
  local text = response:header "Retry-After"
  if not text then
    return nil
  end
  local seconds = tonumber(text, 10)
  local date = not seconds and date_of(text)
  if date then
    local now = date_of(response:header "Date" or "") or time.from_unix(task.wall())
    seconds = math.max(date - now, 0)
  end
  return seconds
end

local function title_of(body)
  local title = body:match "<[tT][iI][tT][lL][eE][^>]*>%s*(.-)%s*</"
  return title and title ~= "" and title:gsub("%s+", " "):sub(1, 200) or nil
end

--- What answered, where it does not look like a vSphere server.
local function describe(response, body)
  local lines = {}
  for _, name in ipairs { "Server", "Content-Type" } do
    local value = response:header(name)
    if value then
      lines[#lines + 1] = ("%s: %s"):format(name, value)
    end
  end
  local title = title_of(body)
  lines[#lines + 1] = title and "page: " .. title
  return #lines > 0 and table.concat(lines, "\n") or nil
end

--- The begin of a body that only serves to tell what answered.
local function read_some(response)
  local pieces, n = {}, 0
  while n < DESCRIBED do
    local ok, piece = pcall(response.read, response)
    if not ok and not err.has(piece, "http.cut") and not err.has(piece, "http.unknown") then
      error(piece, 0)
    elseif not ok or not piece then
      break
    end
    pieces[#pieces + 1], n = piece, n + #piece
  end
  return table.concat(pieces):sub(1, DESCRIBED)
end

--- The error for a status that the protocol does not foresee. Reads the begin of the body.
---@param response table
---@param what string  "POST https://…/sdk"
---@return perilune.Error
function wire.status_error(response, what)
  local body = read_some(response)
  return err.new {
    code = "http.status",
    message = ("%s was answered with status %d"):format(what, response.status),
    status = response.status,
    retry_after = retry_after(response),
    body = body,
    detail = describe(response, body),
  }
end

local CORE = { urn = "urn:vim25" }

local function headers(connection, call, cookie, body)
  local service = call.service or CORE
  return {
    ["Content-Type"] = 'text/xml; charset="utf-8"',
    ["Content-Length"] = tostring(#body),
    ["SOAPAction"] = service.urn .. "/" .. (service.api_version or connection.api_version),
    ["Cookie"] = cookie,
  }
end

--- Sends a call; returns its answer once the head of it is there. Waits.
---@param connection perilune.vim.Connection
---@param call perilune.vim.Call
---@param cookie string?
---@return perilune.vim.Reply
---@return string? cookie  that the server set
function wire.send(connection, call, cookie)
  local service = call.service
  local url = service and service.url or connection.target.url
  local body = call.body or soap.request {
    method = call.name,
    this = call.this,
    args = call.args or {},
    header = { operationID = call.operation, vcSessionCookie = service and cookie_value(cookie) },
    version = service and service.api_version or connection.api_version,
    core_version = service and connection.api_version,
    unchecked = call.is_unchecked,
  }
  local response = connection:request("soap", {
    url = url,
    method = "POST",
    headers = headers(connection, call, cookie, body),
    body = body,
    idempotent = call.is_read,
    urgent = call.is_urgent,
    stall_timeout = call.stall,
  }, ("%s on %s"):format(call.name, call.this))
  if response.status ~= 200 and response.status ~= 500 then
    local closing <close> = response -- luacheck: ignore 211
    error(wire.status_error(response, "POST " .. url), 0)
  end
  local decoder = soap.decoder {
    space = connection.space,
    rows = call.rows and response.status == 200,
    service = service and service.name,
    list = call.is_unknown,
  }
  local reply = {
    status = response.status,
    response = response,
    decoder = decoder,
    ended = false,
    is_unknown = call.is_unknown,
  }
  return setmetatable(reply, Reply), not service and cookie_in(response) or nil
end

return wire
