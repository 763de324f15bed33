--- Which lines may be kept in the history: none with a secret in it.
local secret = require "perilune.util.secret"

local history = {}

--- Words before a value that is nobody's business, in any case.
local WORDS = {
  "passwd", "password", "passphrase", "secret", "token", "ticket", "credential", "private_?key", "api_?key",
}

--- Calls that take secrets as they are.
local CALLS = { "Login%w*%s*[%({]", "AcquireCredentials", "SetPassword", "ChangePassword", "CreateUser", "UpdateUser" }

local SHORTEST = 4 -- of a secret that is looked for anywhere in a line

local function names_secret(line)
  local lower = " " .. line:lower()
  for _, word in ipairs(WORDS) do
    local is_set = lower:find(word .. "[%w_]*[\"'%]]*%s*=[^=]")
    local is_passed = lower:find("[^%w_\"'][%w_.]*" .. word .. "[%w_.]*%s*[%(\"'{]")
    if is_set or is_passed then return true end
  end
  for _, call in ipairs(CALLS) do
    if line:find(call) then return true end
  end
  return false
end

--- Credentials within a URL.
local function has_credentials(line)
  return line:find "%a[%w+.-]*://[^/%s\"']*:[^/%s\"']*@" ~= nil
end

--- Whether a line may be kept.
---@param line string
---@param secrets perilune.util.Secret[]|nil  whose values must not be in it
---@return boolean
function history.may_keep(line, secrets)
  if line:find "^%s" or names_secret(line) or has_credentials(line) then return false end
  for _, held in ipairs(secrets or {}) do
    local value = secret.reveal(held)
    if #value >= SHORTEST and line:find(value, 1, true) then return false end
  end
  return true
end

--- The secrets of a target's settings.
---@param target table|nil
---@return perilune.util.Secret[]
function history.secrets_of(target)
  local list = {}
  for _, value in pairs(target or {}) do
    if secret.is(value) then list[#list + 1] = value end
  end
  return list
end

return history
