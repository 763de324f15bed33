--- SAML assertions, the tokens of single sign-on: what one says, and logging in with it, in SOAP and in REST.
---
--- A bearer token is believed from whoever sends it. One that is bound to a key (holder-of-key) counts only in a
--- request that is signed with that key.
local base64 = require "perilune.util.base64"
local digest = require "perilune.c.digest"
local err = require "perilune.err"
local gzip = require "perilune.c.gzip"
local method = require "perilune.vim.method"
local object = require "perilune.c.object"
local refusal = require "perilune.vim.login.refusal"
local security = require "perilune.vim.login.security"
local task = require "perilune.c.task"
local time = require "perilune.c.time"
local xml = require "perilune.c.xml"

local assertion = {}

local SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
local HOLDER_OF_KEY = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"

---@class perilune.vim.login.Assertion
---@field text string  standing alone, its signature intact
---@field id string
---@field user string?
---@field starts userdata?  time
---@field ends userdata?
---@field is_bound boolean  to a key
---@field certificate string?  of that key, in base64

local function child(element, name)
  for _, one in ipairs(element or {}) do
    if one.name == name then
      return one
    end
  end
end

local function descend(element, ...)
  for _, name in ipairs { ... } do
    element = child(element, name)
  end
  return element
end

local function time_of(element, name)
  local text = element and element.attributes[name]
  local ok, value = pcall(time.parse, text or "")
  return ok and value or nil
end

--- Reads a token. Raises soap.xml if it is none.
---@param text string
---@return perilune.vim.login.Assertion
function assertion.read(text)
  local alone = xml.element(text, SAML, "Assertion")
  if not alone then
    err.raise { code = "soap.xml", message = "the XML document has no SAML 2.0 assertion" }
  end
  local root = xml.read(alone)
  local subject, conditions = child(root, "Subject"), child(root, "Conditions")
  local confirmation = child(subject, "SubjectConfirmation")
  local name = child(subject, "NameID")
  local certificate = descend(confirmation, "SubjectConfirmationData", "KeyInfo", "X509Data", "X509Certificate")
  return {
    text = alone,
    id = root.attributes.ID or "",
    user = name and name.text,
    starts = time_of(conditions, "NotBefore"),
    ends = time_of(conditions, "NotOnOrAfter"),
    is_bound = confirmation ~= nil and confirmation.attributes.Method == HOLDER_OF_KEY,
    certificate = certificate and certificate.text:gsub("%s+", "") or nil,
  }
end

--- Seconds until a token ends by our clock, below 0 after; math.huge if it does not say.
---@param token perilune.vim.login.Assertion
---@return number
function assertion.left(token)
  return token.ends and token.ends - time.from_unix(task.wall()) or math.huge
end

local function signer_of(token, identity)
  return token.is_bound and { identity = identity, token_id = token.id } or nil
end

local function refuse(connection, token, refused, origin)
  local left = assertion.left(token)
  local detail = token.ends and ("%s%s %s"):format(origin, left < 0 and "; it ended at" or "; it ends at",
    tostring(token.ends)) or origin
  refusal.raise(connection.target, refused, {
    wrong = ("the token of %s is refused"):format(token.user or "an unnamed user"),
    who = token.user or "the token's user",
    detail = detail,
    hint = left < 0 and "get a new token" or "is it a token of this vCenter's single sign-on domain?",
  })
end

--- Logs in with a token.
---@param connection perilune.vim.Connection
---@param cookie string?
---@param token perilune.vim.login.Assertion
---@param identity userdata?  for a token that is bound to a key
---@param origin string  where the token came from
---@return string? cookie
---@return table user_session
function assertion.log_in(connection, cookie, token, identity, origin)
  local manager = connection.content.sessionManager
  local text = security.envelope {
    token = token.text,
    signer = signer_of(token, identity),
    body = ('<LoginByToken xmlns="urn:vim25"><_this type="%s">%s</_this></LoginByToken>'):format(
      object.type(manager), security.escape(object.id(manager))),
  }
  local user_session, refused, own =
    method.bare(connection, manager, "LoginByToken", nil, { cookie = cookie, body = text })
  if refused then
    refuse(connection, token, refused, origin)
  end
  return own, user_session
end

--- What is signed of an HTTP request: a number that is used once, method, path, host, port and a digest of its body.
local function signature(request, identity)
  local nonce = ("%d:%d"):format(task.wall() * 1000 // 1 | 0, (string.unpack("<I8", digest.random(8))) >> 1)
  local place = request.target
  local hash = security.digest(request.body)
  local host = place.host:find(":", 1, true) and ("[%s]"):format(place.host) or place.host
  local port = place.origin:match ":(%d+)$" or "80" -- the server's word for a Host header that names none
  local said = { nonce, request.method, request.path, host:lower(), port, hash, "" }
  return ('signature_alg="RSA-SHA256", signature="%s", nonce="%s", bodyhash="%s"'):format(
    base64.encode(identity:sign(table.concat(said, "\n"))), nonce, base64.encode(hash))
end

--- The Authorization header of a REST request with a token.
---@param token perilune.vim.login.Assertion
---@param identity userdata?
---@param request { target: perilune.vim.Target, method: string, path: string, body: string }
---@return string
function assertion.authorization(token, identity, request)
  local carried = ('SIGN token="%s"'):format(base64.encode(gzip.compress(token.text)))
  return token.is_bound and carried .. ", " .. signature(request, identity) or carried
end

return assertion
