--- Which proxies stand between us and the hosts of a target: its own setting, else what the environment says in
--- the words of curl. Which of the hosts need none, runtime/http decides for each.
local err = require "perilune.err"
local secret = require "perilune.util.secret"

local proxies = {}

---@class perilune.vim.Proxies
---@field proxy perilune.util.Secret?  URL of that for https, which may hold a password
---@field proxy_source string?  who says so
---@field plain_proxy perilune.util.Secret?  that for http
---@field plain_proxy_source string?
---@field no_proxy string?  hosts that need none

-- A CGI script is given a request's "Proxy" header as HTTP_PROXY, so that is nobody's word.
local SECURE = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" }
local PLAIN = { "http_proxy", "all_proxy", "ALL_PROXY" }
local EXEMPT = { "no_proxy", "NO_PROXY" }

--- The value and the name of the first variable that is set.
local function first_set(env, names)
  for _, name in ipairs(names) do
    local value = env(name)
    if value and value ~= "" then
      return value, name
    end
  end
end

local function wrapped(value, source)
  return value and secret.new(value, source), source
end

local function of_environment(env)
  local found = { no_proxy = (first_set(env, EXEMPT)) }
  found.proxy, found.proxy_source = wrapped(first_set(env, SECURE))
  found.plain_proxy, found.plain_proxy_source = wrapped(first_set(env, PLAIN))
  return found
end

local function encoded(text)
  return (text:gsub("[^%w%-._~]", function(char) return ("%%%02X"):format(char:byte()) end))
end

--- The URL with a password that was given apart from it.
local function with_password(url, password, source)
  if not password then
    return url
  end
  local scheme, rest = url:match "^(%a[%w+.-]*://)(.*)$"
  local user, place = (rest or url):match "^([^@/:]+)@([^@]+)$"
  if not user then
    err.raise {
      code = "target.invalid",
      message = ("%s: proxy_password is given, but the proxy's URL names no user"):format(source),
      hint = 'write proxy = "http://USER@HOST:PORT"',
    }
  end
  return ("%s%s:%s@%s"):format(scheme or "http://", user, encoded(secret.reveal(password)), place)
end

--- The proxies of a target.
---@param settings { proxy: string|false|perilune.util.Secret|nil, proxy_password: any, source: table }
---@param env fun(name: string): string?
---@return perilune.vim.Proxies
function proxies.find(settings, env)
  local own, source = settings.proxy, settings.source.proxy or "the target's proxy"
  if own == nil then
    return of_environment(env)
  elseif own == false then
    return {}
  end
  local url = with_password(secret.is(own) and secret.reveal(own) or own, settings.proxy_password, source)
  local wrap = secret.new(url, source)
  return { proxy = wrap, proxy_source = source, plain_proxy = wrap, plain_proxy_source = source }
end

--- The same as options of perilune.c.http's pool.
---@param found perilune.vim.Proxies
---@param options table  receives them
---@return table options
function proxies.options(found, options)
  for key, value in pairs(found) do
    options[key] = secret.is(value) and secret.reveal(value) or value
  end
  return options
end

return proxies
