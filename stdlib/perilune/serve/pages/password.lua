--- Passwords as they stand in hooks.lua: "scrypt:N:r:p:salt:hash", salt and hash in base64 (RFC 7914).
local base64 = require "perilune.util.base64"
local digest = require "perilune.c.digest"

local password = {}

local N, R, P, BYTES = 32768, 8, 1, 32 -- 32 MiB and some 100 ms of one processor for each guess

local function parse(text)
  local n, r, p, salt, hash = text:match "^scrypt:(%d+):(%d+):(%d+):([%w+/=]+):([%w+/=]+)$"
  if not n then return nil end
  local made = { n = math.tointeger(tonumber(n)), r = math.tointeger(tonumber(r)), p = math.tointeger(tonumber(p)),
    salt = base64.decode(salt), hash = base64.decode(hash) }
  local is_power = made.n and made.n > 1 and made.n & (made.n - 1) == 0
  local fits = is_power and made.n <= 1 << 20 and made.r >= 1 and made.r <= 32 and made.p >= 1 and made.p <= 16
  return fits and made.salt and made.hash and #made.hash >= 16 and made or nil
end

--- Whether a text is a hash that `verify` can use.
---@param text any
---@return boolean
function password.is_hash(text)
  return type(text) == "string" and parse(text) ~= nil
end

--- Hashes a new password. Waits.
---@param plain string
---@return string
function password.hash(plain)
  local salt = digest.random(16)
  local hash = digest.scrypt(plain, salt, { n = N, r = R, p = P, len = BYTES })
  return ("scrypt:%d:%d:%d:%s:%s"):format(N, R, P, base64.encode(salt), base64.encode(hash))
end

--- Whether a password is the one of a hash. Waits; takes as long where there is no such user.
---@param plain string
---@param text string?  the hash; nil: there is no such user
---@return boolean
function password.verify(plain, text)
  local made = text and parse(text) or { n = N, r = R, p = P, salt = ("\0"):rep(16), hash = ("\0"):rep(BYTES) }
  local hash = digest.scrypt(plain, made.salt, { n = made.n, r = made.r, p = made.p, len = #made.hash })
  return digest.equal(hash, made.hash) and text ~= nil
end

return password
