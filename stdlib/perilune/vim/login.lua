--- Getting in: which version to speak, what the server is, and the login, whose ways are in login/.
local err = require "perilune.err"
local method = require "perilune.vim.method"
local refusal = require "perilune.vim.login.refusal"
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

--- The modules, required when they are needed: only a password needs so little.
local WAYS = {
  clone_ticket = function() return require "perilune.vim.login.clone_ticket" end,
  extension = function() return require "perilune.vim.login.extension" end,
  password = function() return require "perilune.vim.login.password" end,
  session = function() return require "perilune.vim.login.session" end,
  sso = function() return require "perilune.vim.login.sso" end,
  token = function() return require "perilune.vim.login.token" end,
}

--- How a target logs in; read when it is needed, for most logins need no more than a password.
---@param target perilune.vim.Target
---@return table way  log_in, authorization, rest_session, is_borrowed
function login.way(target)
  return WAYS[target.login]()
end

--- Logs in, once. Raises vim.login when the server refuses.
---@param connection perilune.vim.Connection
---@param cookie string?  that the server set before
---@return string cookie  the session
---@return table user_session  UserSession
function login.log_in(connection, cookie)
  local target = connection.target
  local own, user_session = login.way(target).log_in(connection, cookie)
  if not own then
    err.raise { code = "vim.session", message = target.name .. ": logged in, but the server gave no session" }
  end
  return own, user_session
end

--- Raises vim.login: the REST service refused what SOAP logged in with.
---@param target perilune.vim.Target
function login.refuse_rest(target)
  err.raise {
    code = "vim.login",
    message = ("%s: the REST service refuses the login%s"):format(
      target.name, target.user and (" of %s%s"):format(target.user, refusal.once) or ""),
    detail = target.login == "password" and login.way(target).origin(target) or nil,
  }
end

--- Logs out the session of a cookie, unless it is not ours.
---@param connection perilune.vim.Connection
---@param cookie string
function login.log_out(connection, cookie)
  if not login.way(connection.target).is_borrowed then
    method.bare(connection, connection.content.sessionManager, "Logout", nil, { cookie = cookie })
  end
end

return login
