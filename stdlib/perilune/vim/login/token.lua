--- Logging in with a token that somebody else got.
local assertion = require "perilune.vim.login.assertion"
local base64 = require "perilune.util.base64"
local err = require "perilune.err"
local identity = require "perilune.vim.login.identity"
local refusal = require "perilune.vim.login.refusal"
local secret = require "perilune.util.secret"

local token = {}

local function origin(target)
  return "token from " .. target.source.token
end

local function read(target)
  local ok, found = xpcall(assertion.read, err.wrap, secret.reveal(target.token))
  if ok then
    return found
  end
  refusal.say(target, "the token cannot be read: " .. found.message, {
    detail = origin(target),
    hint = "a token is a SAML 2.0 assertion in XML, as `govc session.login -issue` prints it",
  })
end

--- The key that the token is bound to. Raises vim.login without it: the server would say no more than no.
local function key_of(target, found)
  if not found.is_bound then
    return nil
  elseif not target.cert then
    refusal.say(target, "the token is bound to a key (holder-of-key)", {
      detail = origin(target),
      hint = "give its certificate and key as cert and key",
    })
  end
  local own = identity.load(target)
  if found.certificate and found.certificate ~= base64.encode(own:certificate()) then
    refusal.say(target, "the token is bound to the key of another certificate than " .. target.cert, {
      detail = origin(target),
    })
  end
  return own
end

---@param connection perilune.vim.Connection
---@param cookie string?
---@return string? cookie
---@return table user_session
function token.log_in(connection, cookie)
  local target = connection.target
  local found = read(target)
  return assertion.log_in(connection, cookie, found, key_of(target, found), origin(target))
end

---@param connection perilune.vim.Connection
---@param request table  of assertion.authorization
---@return string
function token.authorization(connection, request)
  local target = connection.target
  local found = read(target)
  return assertion.authorization(found, key_of(target, found), request)
end

return token
