--- Going on with a session that somebody else opened: it is not renewed, and not ended.
local err = require "perilune.err"
local fault = require "perilune.vim.fault"
local method = require "perilune.vim.method"
local refusal = require "perilune.vim.login.refusal"
local secret = require "perilune.util.secret"

local session = { is_borrowed = true }

local NAME = "vmware_soap_session"

--- The cookie with its name, from it or from its value alone.
local function cookie_of(target)
  local text = secret.reveal(target.session):match "^%s*(.-)%s*$"
  local named = text:match(NAME .. "=([^;%s]+)")
  return ("%s=%s"):format(NAME, named or text)
end

local function refuse(target)
  refusal.say(target, "the server does not know the session", {
    detail = "session from " .. target.source.session,
    hint = "it has ended, or is another server's: take the cookie " .. NAME .. " of a new one",
  })
end

--- Asks who the session's user is, which also shows whether it is alive.
local function current(connection, cookie)
  local content = connection.content
  local answer, refused = method.bare(connection, content.propertyCollector, "RetrievePropertiesEx", {
    specSet = {
      {
        propSet = { { type = "SessionManager", pathSet = { "currentSession" } } },
        objectSet = { { obj = content.sessionManager } },
      },
    },
    options = {},
  }, { cookie = cookie })
  if refused and not fault.is(refused.fault, "NotAuthenticated") then
    error(fault.error(refused.fault, refused.message), 0)
  end
  local row = answer and answer.objects and answer.objects[1]
  local property = row and row.propSet and row.propSet[1]
  return property and property.val
end

---@param connection perilune.vim.Connection
---@return string cookie
---@return table user_session
function session.log_in(connection)
  local cookie = cookie_of(connection.target)
  local user_session = current(connection, cookie)
  if not user_session then
    refuse(connection.target)
  end
  return cookie, user_session
end

--- The REST session that goes with it; it is not ours either.
---@param connection perilune.vim.Connection
---@return string
function session.rest_session(connection)
  local target = connection.target
  if not target.rest_session then
    refusal.no_rest(target, "a session of SOAP", "give a session of REST as rest_session, too")
  end
  return secret.reveal(target.rest_session):match "^%s*(.-)%s*$"
end

--- REST's session that was given has ended.
function session.authorization(connection)
  err.raise {
    code = "vim.login",
    message = connection.target.name .. ": the REST service does not know the session",
    detail = "session from " .. connection.target.source.rest_session,
    hint = "it has ended, or is another server's",
  }
end

return session
