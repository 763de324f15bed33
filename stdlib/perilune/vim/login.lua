--- Getting in: which version to speak, what the server is, and the login with user name and password.
local err = require "perilune.err"
local fault = require "perilune.vim.fault"
local method = require "perilune.vim.method"
local secret = require "perilune.util.secret"
local version = require "perilune.vim.version"

local login = {}

local OLDEST_VERSION = "6.0"      -- spoken to a server that does not say what it speaks
local ANSWER_SECONDS = 30         -- for the first answers: whoever is silent longer is no vSphere
local DOCUMENT_LIMIT = 256 * 1024 -- bytes of the list of versions

--- The version to speak. A server without the list is asked what it is in the oldest version.
---@param connection perilune.vim.Connection
---@return string
function login.negotiate(connection)
  local target = connection.target
  local response <close> = connection:request("soap", {
    url = target.url .. "/vimServiceVersions.xml",
    method = "GET",
    idempotent = true,
    max_body = DOCUMENT_LIMIT,
    stall_timeout = ANSWER_SECONDS,
  })
  local offered = response.status == 200 and version.offered(response:text()) or {}
  return version.choose(offered) or OLDEST_VERSION
end

--- Errors that show that something else answered.
local NOT_VSPHERE = { ["soap.xml"] = true, ["http.status"] = true, ["http.protocol"] = true, limit = true }

local function lines_of(e)
  return e.detail and e.message .. "\n" .. e.detail or e.message
end

local function not_vsphere(target, answer)
  local place = ("%s:%d"):format(target.host, target.port)
  err.raise {
    code = "vim.not_vsphere",
    message = ("%s is no vSphere server"):format(target.name == target.host and place or target.name .. ": " .. place),
    detail = answer,
    hint = "check the URL: it is that of a vCenter or an ESXi host, usually https://HOST/sdk",
  }
end

--- Asks the server what it is. Needs no login.
---@param connection perilune.vim.Connection
---@return table content  ServiceContent
---@return string? cookie
function login.content(connection)
  local root = connection:object("ServiceInstance", "ServiceInstance")
  local ok, content, refused, cookie =
    xpcall(method.bare, err.wrap, connection, root, "RetrieveServiceContent", nil, { stall = ANSWER_SECONDS })
  if not ok and not NOT_VSPHERE[content.code] then
    error(content, 0)
  elseif not ok then
    not_vsphere(connection.target, lines_of(content))
  elseif type(content) ~= "table" or not content.about then
    not_vsphere(connection.target, refused and refused.message or "its answer describes no service")
  end
  return content, cookie
end

local function origin_of(target)
  local source = target.source
  return ("user from %s, password from %s"):format(source.user, source.password)
end

local function refuse(target, refused)
  local cause = fault.error(refused.fault, refused.message)
  local is_wrong = fault.name(refused.fault) == "InvalidLogin"
  local wrong = "%s: wrong user name or password for %s. Tried once (accounts get locked)."
  err.raise {
    code = "vim.login",
    message = is_wrong and wrong:format(target.name, target.user)
      or ("%s: %s may not log in: %s"):format(target.name, target.user, cause.message),
    detail = origin_of(target),
    fault = refused.fault,
    server = not is_wrong and cause.server or nil,
    hint = not is_wrong and cause.hint or nil,
  }
end

--- Logs in, once. Raises vim.login when the server refuses.
---@param connection perilune.vim.Connection
---@param cookie string?  that the server set before
---@return string cookie  the session
---@return table user_session  UserSession
function login.log_in(connection, cookie)
  local target = connection.target
  local manager = connection.content.sessionManager
  local user_session, refused, own = method.bare(connection, manager, "Login", {
    userName = target.user,
    password = secret.reveal(target.password),
  }, { cookie = cookie })
  if refused then
    refuse(target, refused)
  elseif not own then
    err.raise { code = "vim.session", message = target.name .. ": logged in, but the server gave no session" }
  end
  return own, user_session
end

--- Logs out the session of a cookie.
---@param connection perilune.vim.Connection
---@param cookie string
function login.log_out(connection, cookie)
  method.bare(connection, connection.content.sessionManager, "Logout", nil, { cookie = cookie })
end

return login
