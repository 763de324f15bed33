--- URLs of servers as govc, Terraform and people write them: no scheme means https, no path means /sdk.
local err = require "perilune.err"

local url = {}

local ENCODE = "characters such as \\ # : @ / in a user name or password must be percent-encoded in a URL, "
  .. "or given apart from it"

---@class perilune.vim.Url
---@field scheme string  "https" or "http"
---@field host string  without the brackets of an IPv6 address
---@field port integer
---@field path string  "/sdk"
---@field user string?
---@field password string?

local function refuse(source, message, hint)
  err.raise { code = "target.invalid", message = ("%s: %s"):format(source, message), hint = hint }
end

local function decode(text)
  return text and (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function user_info(text, source)
  if text:gsub("%%%x%x", ""):find("%", 1, true) then
    refuse(source, "a % in the user name or password is not followed by two hexadecimal digits", ENCODE)
  end
  local user, password = text:match "^([^:]*):?(.*)$"
  if user:find "@" or password:find "[:@]" then
    refuse(source, "the user name or password cannot be told from the rest of the URL", ENCODE)
  end
  return decode(user), text:find(":", 1, true) and decode(password) or nil
end

local function port_of(text, scheme, source)
  if text == "" then
    return scheme == "https" and 443 or 80
  end
  local port = math.tointeger(tonumber(text))
  if not port or port < 1 or port > 65535 then
    refuse(source, "the port is no number from 1 to 65535")
  end
  return port
end

local function host_and_port(text, source)
  local host, port = text:match "^%[([%x:.]+)%]:?(%d*)$"
  if not host then
    host, port = text:match "^%[([%x:.]+%%25[%w%-._~]+)%]:?(%d*)$" -- an interface, as in fe80::1%eth0
  end
  if not host then
    host, port = text:match "^([%w%-._]+):?(%d*)$"
  end
  if not host and text:find "^%x*:[%x:.]*:[%x:.]*$" then
    refuse(source, "an IPv6 address stands in brackets", "write it as https://[::1]:8443/sdk")
  elseif not host then
    refuse(source, text == "" and "no host is named" or "the host cannot be read", ENCODE)
  end
  return host, port
end

local function split(text, source)
  local scheme, rest = text:match "^(%a[%w+.-]*)://(.*)$"
  scheme, rest = (scheme or "https"):lower(), rest or text
  if scheme ~= "https" and scheme ~= "http" then
    refuse(source, ("the scheme is %q; write https://"):format(scheme))
  end
  local authority, path = rest:match "^([^/?#]*)(.*)$"
  if path:find("@", 1, true) then
    refuse(source, "the user name or password cannot be told from the rest of the URL", ENCODE)
  end
  return scheme, authority, path
end

--- Reads a URL. Nothing of it is repeated in an error: it may hold a password.
---@param text string
---@param source string  where it was written, for messages: "GOVC_URL"
---@return perilune.vim.Url
function url.parse(text, source)
  local scheme, authority, path = split(text, source)
  local info, place = authority:match "^(.*)@([^@]*)$"
  local user, password
  if info then
    user, password = user_info(info, source)
  end
  local host, port = host_and_port(place or authority, source)
  path = path:match "^[^?#]*":gsub("/$", "")
  return {
    scheme = scheme,
    host = host,
    port = port_of(port, scheme, source),
    path = path == "" and "/sdk" or path,
    user = user,
    password = password,
  }
end

--- The URL without user and password, and without path: "https://vc.example:8443".
---@param parts perilune.vim.Url
---@return string
function url.origin(parts)
  local host = parts.host:find(":", 1, true) and ("[%s]"):format(parts.host) or parts.host
  local usual = parts.port == (parts.scheme == "https" and 443 or 80)
  return ("%s://%s%s"):format(parts.scheme, host, usual and "" or ":" .. parts.port)
end

return url
