--- The connections to a target: its settings as options of perilune.c.http.
local err = require "perilune.err"
local http = require "perilune.c.http"
local knownhosts = require "perilune.vim.knownhosts"
local prompt = require "perilune.util.prompt"
local proxies = require "perilune.vim.proxies"
local secret = require "perilune.util.secret"
local url = require "perilune.vim.url"

local pool = {}

local STALL_SECONDS = 300 -- some methods answer only when the work is done

local function options_of(target, changes)
  local options = proxies.options(target.proxies, {
    ca_file = target.ca_files,
    ca_path = target.ca_dir,
    crl_file = target.crl_files,
    thumbprints = target.thumbprints,
    thumbprint_source = target.thumbprint_source,
    trust_command = target.trust_command,
    cert = target.cert,
    key = target.key,
    key_password = target.key_password and secret.reveal(target.key_password),
    insecure = target.insecure,
    stall_timeout = target.timeout or STALL_SECONDS,
  })
  for name, value in pairs(changes or {}) do
    options[name] = value or nil -- false is nothing
  end
  return options
end

--- Opens the connections to a target. The password of its key is asked for where none is given, and kept in the
--- target. Raises tls.setup, tls.key and io.
---@param target perilune.vim.Target
---@param changes table?  options that are different
---@return userdata pool
function pool.open(target, changes)
  local ok, result = xpcall(http.pool, err.wrap, options_of(target, changes))
  if ok then
    return result
  elseif result.code ~= "tls.key" or target.key_password or not prompt.is_possible() then
    error(result, 0)
  end
  local typed = prompt.secret(("Password of the key %s"):format(target.key or target.cert))
  if not typed then
    error(result, 0)
  end
  target.key_password = secret.new(typed, "what was typed")
  return http.pool(options_of(target, changes))
end

--- Opens connections to another host that belongs to a target, such as the host behind a lease or a token service. The
--- thumbprints of the target itself are of another certificate: those count that are known of this host.
---@param target perilune.vim.Target
---@param place string  a URL
---@param changes table?  options that are different, such as thumbprints that the target told of
---@return userdata pool
function pool.elsewhere(target, place, changes)
  local parts = url.parse(place, place)
  local options = { thumbprints = {}, thumbprint_source = false, trust_command = false }
  for i, known in ipairs(knownhosts.find(target.known_files, parts.host, parts.port)) do
    options.thumbprints[i] = known.thumbprint
    options.thumbprint_source = ("%s:%d"):format(known.file, known.line)
  end
  for name, value in pairs(changes or {}) do
    options[name] = value
  end
  if options.thumbprints[1] then
    options.crl_file = false -- a thumbprint stands for everything else
  end
  return pool.open(target, options)
end

return pool
