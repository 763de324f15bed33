--- The certificate and key of a target, to sign with.
local c = require "perilune.c.identity"
local secret = require "perilune.util.secret"

local identity = {}

--- Reads them. Raises tls.setup, naming the file, and io.
---@param target perilune.vim.Target
---@return userdata
function identity.load(target)
  return c.load {
    cert = target.cert,
    key = target.key,
    key_password = target.key_password and secret.reveal(target.key_password),
  }
end

return identity
