--- Logging in as an extension of a vCenter, with the certificate that the extension is registered with.
---
--- A vCenter asks for client certificates at one place only, the SDK tunnel: its HTTP port passes
--- `CONNECT sdkTunnel:8089` on to it. The session that is opened there is good at the usual place. It is the vCenter's
--- own certificate that is shown in the tunnel, so it is checked for the vCenter's name.
local err = require "perilune.err"
local method = require "perilune.vim.method"
local refusal = require "perilune.vim.login.refusal"

local extension = {}

local TUNNEL = "sdkTunnel:8089"
local ANSWER_SECONDS = 30
local UNREACHED = { ["http.connect"] = true, ["http.resolve"] = true, ["http.timeout"] = true }

local function proxy_of(target)
  local host = target.host:find(":", 1, true) and ("[%s]"):format(target.host) or target.host
  return "http://" .. (target.tunnel or host .. ":80")
end

--- The connection as it is through the tunnel.
local function through(connection, pool)
  local tunnel = { pool = pool }
  function tunnel:request(kind, request, what)
    request.headers.Host = TUNNEL
    return connection.request(self, kind, request, what)
  end
  return setmetatable(tunnel, { __index = connection })
end

--- What kept us from the tunnel, which is no proxy that could be left out.
local function explain(e)
  if UNREACHED[e.code] then
    e.hint = 'extensions log in through the HTTP port of the vCenter, 80; tunnel = "host:port" names another way there'
  end
  error(e, 0)
end

--- The answer of LoginExtensionByCertificate: as method.bare.
local function ask(connection, pool)
  local ok, user_session, refused, own = xpcall(method.bare, err.wrap, through(connection, pool),
    connection.content.sessionManager, "LoginExtensionByCertificate",
    { extensionKey = connection.target.extension }, {})
  if not ok then
    explain(user_session)
  end
  return user_session, refused, own
end

---@param connection perilune.vim.Connection
---@return string? cookie
---@return table user_session
function extension.log_in(connection)
  local target = connection.target
  local pool <close> = connection:open_pool {
    connections = 1,
    connect_to = TUNNEL,
    proxy = proxy_of(target),
    no_proxy = "", -- whatever is exempt from other proxies
    proxy_source = target.source.tunnel or "the SDK tunnel of the server",
    stall_timeout = ANSWER_SECONDS,
  }
  local user_session, refused, own = ask(connection, pool)
  if refused then
    refusal.raise(target, refused, {
      wrong = ("the certificate %s is not that of the extension %s"):format(target.cert, target.extension),
      who = "the extension " .. target.extension,
      detail = ("extension from %s, certificate from %s"):format(target.source.extension, target.cert),
      hint = "register it with ExtensionManager:SetExtensionCertificate",
    })
  end
  return own, user_session
end

---@param connection perilune.vim.Connection
function extension.authorization(connection)
  refusal.no_rest(connection.target, "an extension's certificate", "log in with a token (sso = true), or a password")
end

return extension
