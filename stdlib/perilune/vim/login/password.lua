--- Logging in with user name and password.
local base64 = require "perilune.util.base64"
local method = require "perilune.vim.method"
local refusal = require "perilune.vim.login.refusal"
local secret = require "perilune.util.secret"

local password = {}

--- Where user and password came from.
---@param target perilune.vim.Target
---@return string
function password.origin(target)
  return ("user from %s, password from %s"):format(target.source.user, target.source.password)
end

---@param connection perilune.vim.Connection
---@param cookie string?  that the server set before
---@return string? cookie  the session
---@return table user_session  UserSession
function password.log_in(connection, cookie)
  local target = connection.target
  local user_session, refused, own = method.bare(connection, connection.content.sessionManager, "Login", {
    userName = target.user,
    password = secret.reveal(target.password),
  }, { cookie = cookie })
  if refused then
    refusal.raise(target, refused, {
      wrong = "wrong user name or password for " .. target.user,
      who = target.user,
      is_password = true,
      detail = password.origin(target),
    })
  end
  return own, user_session
end

--- The Authorization header of REST's login.
---@param connection perilune.vim.Connection
---@return string
function password.authorization(connection)
  local target = connection.target
  return "Basic " .. base64.encode(("%s:%s"):format(target.user, secret.reveal(target.password)))
end

return password
