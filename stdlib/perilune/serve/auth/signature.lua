--- Signatures over the raw bytes of a request, compared in constant time.
local base64 = require "perilune.util.base64"
local digest = require "perilune.c.digest"
local secret = require "perilune.util.secret"

local signature = {}

--- The bytes of hexadecimal digits; nil where they are none.
---@param text string
---@return string?
function signature.from_hex(text)
  if #text % 2 == 1 or text:find "%X" then return nil end
  return (text:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end))
end

signature.DECODERS = { hex = signature.from_hex, base64 = base64.decode }

--- Whether bytes are the code of a text under one of some secrets. All are tried, whatever comes first.
---@param secrets perilune.util.Secret[]
---@param algorithm "sha1"|"sha256"|"sha512"
---@param text string
---@param given string  bytes
---@return boolean
function signature.is_of(secrets, algorithm, text, given)
  local found = false
  for _, key in ipairs(secrets) do
    local wanted = digest.hmac(algorithm, secret.reveal(key), text)
    found = digest.equal(wanted, given) or found
  end
  return found
end

--- Whether a text is one of some secrets. How long the secret is, is not told either.
---@param secrets perilune.util.Secret[]
---@param given string
---@return boolean
function signature.is_secret(secrets, given)
  local found, key = false, digest.random(32)
  local mine = digest.hmac("sha256", key, given)
  for _, one in ipairs(secrets) do
    found = digest.equal(digest.hmac("sha256", key, secret.reveal(one)), mine) or found
  end
  return found
end

--- Whether a time of the sender is near enough to now.
---@param text string?  seconds since 1970
---@param now number
---@param window number  seconds, before and after
---@return boolean ok
---@return string? reason
function signature.is_timely(text, now, window)
  local seconds = text and text:find "^%d+$" and tonumber(text)
  if not seconds then return false, "it has no time" end
  if math.abs(now - seconds) > window then
    return false, ("its time is %.0f s away from ours"):format(now - seconds)
  end
  return true
end

return signature
