--- Single sign-on: asks the token service for a token, by password, by certificate or by both, and logs in with it.
--- SOAP and REST share the token; a new one is asked for when it has ended.
local assertion = require "perilune.vim.login.assertion"
local identity = require "perilune.vim.login.identity"
local password = require "perilune.vim.login.password"
local sts = require "perilune.vim.login.sts"

local sso = {}

local SPARE_SECONDS = 30 -- a token that ends so soon is not used any more

local function origin(target)
  local parts = {}
  if target.user then
    parts[1] = password.origin(target)
  end
  if target.cert then
    parts[#parts + 1] = "certificate from " .. target.cert
  end
  return table.concat(parts, ", ")
end

--- The present token, and the key that it is bound to.
---@return perilune.vim.login.Assertion
---@return userdata?
local function token_of(connection)
  local held = connection.sso_token
  if not held or sts.left(held) < SPARE_SECONDS then
    local target = connection.target
    local own = target.cert and identity.load(target) or nil
    held = sts.issue(connection, own, origin(target))
    connection.sso_token = held
  end
  return held.token, held.identity
end

---@param connection perilune.vim.Connection
---@param cookie string?
---@return string? cookie
---@return table user_session
function sso.log_in(connection, cookie)
  local token, own = token_of(connection)
  return assertion.log_in(connection, cookie, token, own, origin(connection.target))
end

---@param connection perilune.vim.Connection
---@param request table  of assertion.authorization
---@return string
function sso.authorization(connection, request)
  local token, own = token_of(connection)
  return assertion.authorization(token, own, request)
end

return sso
