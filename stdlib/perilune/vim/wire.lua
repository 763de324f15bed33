--- One SOAP request and its answer: bytes out, a decoder fed chunk by chunk as they come in.
local err = require "perilune.err"
local soap = require "perilune.c.soap"

local wire = {}

---@class perilune.vim.Call
---@field name string  of the method
---@field this userdata
---@field args table?
---@field is_read boolean
---@field operation string?
---@field once boolean?  not to be sent again after a renewal of the session
---@field rows boolean?  the answer's objects are wanted one by one
---@field stall number|false|nil  seconds without a byte; false: no limit
---@field is_urgent boolean?  before those that wait for a connection already
---@field service perilune.vim.Service?  the one it goes to, where that is not the core

---@class perilune.vim.Reply
---@field status integer
---@field private response table
---@field private decoder table
---@field private ended boolean
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

--- Takes one chunk from the connection.
function Reply:pull()
  local chunk = self.response:read()
  if chunk then
    self.decoder:feed(chunk)
  else
    self.ended = true
  end
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

--- What answered, where it does not look like a vSphere server.
local function describe(response)
  local lines = {}
  for _, name in ipairs { "Server", "Content-Type" } do
    local value = response:header(name)
    if value then
      lines[#lines + 1] = ("%s: %s"):format(name, value)
    end
  end
  local title = response:text():sub(1, 65536):match "<[tT][iI][tT][lL][eE][^>]*>%s*(.-)%s*</"
  lines[#lines + 1] = title and title ~= "" and ("page: %s"):format(title:gsub("%s+", " "):sub(1, 200)) or nil
  return #lines > 0 and table.concat(lines, "\n") or nil
end

--- The error for a status that the protocol does not foresee. Reads the body.
---@param response table
---@param what string  "POST https://…/sdk"
---@return perilune.Error
function wire.status_error(response, what)
  return err.new {
    code = "http.status",
    message = ("%s was answered with status %d"):format(what, response.status),
    status = response.status,
    retry_after = tonumber((response:header "Retry-After")),
    detail = describe(response),
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
  local body = soap.request {
    method = call.name,
    this = call.this,
    args = call.args or {},
    header = { operationID = call.operation, vcSessionCookie = service and cookie_value(cookie) },
    version = service and service.api_version or connection.api_version,
    core_version = service and connection.api_version,
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
  }
  local reply = { status = response.status, response = response, decoder = decoder, ended = false }
  return setmetatable(reply, Reply), not service and cookie_in(response) or nil
end

return wire
