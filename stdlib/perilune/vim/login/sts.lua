--- The token service of single sign-on: WS-Trust's RequestSecurityToken, answered with a SAML assertion.
local assertion = require "perilune.vim.login.assertion"
local err = require "perilune.err"
local pool = require "perilune.vim.pool"
local refusal = require "perilune.vim.login.refusal"
local secret = require "perilune.util.secret"
local security = require "perilune.vim.login.security"
local task = require "perilune.c.task"
local time = require "perilune.c.time"
local wire = require "perilune.vim.wire"
local xml = require "perilune.c.xml"

local sts = {}

local TRUST = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
local TOKEN_SECONDS = 300 -- the longest life that a vCenter gives a bearer token, unless told otherwise
local ANSWER_SECONDS = 30
local ANSWER_LIMIT = 1024 * 1024 -- bytes

---@class perilune.vim.login.Held
---@field token perilune.vim.login.Assertion
---@field identity userdata?
---@field issued number  by the monotonic clock
---@field seconds number  that it lives, by the server's clock

local function request_body(is_bound, signature_id)
  local now = task.wall()
  return table.concat {
    ('<RequestSecurityToken xmlns="%s"><TokenType>urn:oasis:names:tc:SAML:2.0:assertion</TokenType>'):format(TRUST),
    ("<RequestType>%s/Issue</RequestType>"):format(TRUST),
    ("<Lifetime><wsu:Created>%s</wsu:Created><wsu:Expires>%s</wsu:Expires></Lifetime>"):format(
      security.moment(now), security.moment(now + TOKEN_SECONDS)),
    '<Renewing Allow="false" OK="false"></Renewing><Delegatable>false</Delegatable>',
    ("<KeyType>%s/%s</KeyType>"):format(TRUST, is_bound and "PublicKey" or "Bearer"),
    ("<SignatureAlgorithm>%s</SignatureAlgorithm>"):format(security.algorithm),
    is_bound and ('<UseKey Sig="%s"></UseKey>'):format(signature_id) or "",
    "</RequestSecurityToken>",
  }
end

local function envelope(target, identity)
  local signature_id = security.new_id()
  return security.envelope {
    body = request_body(identity ~= nil, signature_id),
    user = target.user,
    password = target.password and secret.reveal(target.password),
    signer = identity and { identity = identity } or nil,
    signature_id = signature_id,
  }
end

--- The fault of an answer: its code without prefix, and its words; nil if there is none.
local function fault_in(text)
  local ok, element = pcall(xml.element, text, "http://schemas.xmlsoap.org/soap/envelope/", "Fault")
  if not ok or not element then
    return nil
  end
  local found = {}
  for _, part in ipairs(xml.read(element)) do
    found[part.name] = part.text:match "^%s*(.-)%s*$"
  end
  return (found.faultcode or ""):match "([^:]*)$", found.faultstring or ""
end

local MONTHS = {
  Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12,
}

--- Seconds that the server's clock is ahead of ours, by the Date of its answer; nil if it does not say.
local function clock_difference(response)
  local day, month, year, hour, minute, second =
    (response:header "Date" or ""):match "(%d+) (%a+) (%d+) (%d+):(%d+):(%d+)"
  if not MONTHS[month] then
    return nil
  end
  local text = ("%s-%02d-%02dT%s:%s:%sZ"):format(year, MONTHS[month], day, hour, minute, second)
  return time.parse(text):unix() - task.wall()
end

local function clock_hint(difference)
  if difference and math.abs(difference) > TOKEN_SECONDS then
    return ("this machine's clock is %.0f s %s the server's: set it"):format(
      math.abs(difference), difference > 0 and "behind" or "ahead of")
  end
end

local function who_of(target)
  return target.user or ("the certificate " .. target.cert)
end

--- A refusal: of the credentials, or of the request, as for a clock that is wrong.
local function refuse(target, code, words, response, origin)
  local is_wrong = code == "FailedAuthentication"
  local wrong = target.user and ("single sign-on refuses user name or password of %s"):format(target.user)
    or ("single sign-on refuses the certificate %s"):format(target.cert)
  refusal.say(target, is_wrong and wrong .. (target.user and refusal.once or "")
    or ("single sign-on gives %s no token"):format(who_of(target)), {
    detail = origin,
    server = words ~= "" and words or code,
    hint = clock_hint(clock_difference(response))
      or is_wrong and target.user and not target.user:find "[@\\]" and "users of single sign-on have a domain: "
      .. target.user .. "@vsphere.local" or nil,
  })
end

local function no_service(target, response)
  local e = wire.status_error(response, "POST " .. target.sts)
  e.hint = "no token service is there: an ESXi host has none; give the URL of another one as sso"
  error(e, 0)
end

local function read(target, text)
  local ok, found = xpcall(assertion.read, err.wrap, text)
  if ok then
    return found
  end
  err.raise {
    code = "vim.session",
    message = ("%s: the token service answered without a token: %s"):format(target.name, found.message),
    detail = target.sts,
  }
end

--- The connection as it is to a token service that is at another place.
local function at_service(connection, connections)
  return setmetatable({ pool = connections }, { __index = connection })
end

local function post(connection, body)
  return connection:request("soap", {
    url = connection.target.sts,
    method = "POST",
    headers = {
      ["Content-Type"] = 'text/xml; charset="utf-8"',
      ["SOAPAction"] = TRUST .. "/RST/Issue",
    },
    body = body,
    max_body = ANSWER_LIMIT,
    stall_timeout = ANSWER_SECONDS,
  }, "RequestSecurityToken")
end

--- Asks for a token, once. Raises vim.login when it is refused.
---@param connection perilune.vim.Connection
---@param identity userdata?  then the token is bound to its key
---@param origin string  where what is sent came from
---@return perilune.vim.login.Held
function sts.issue(connection, identity, origin)
  local target = connection.target
  local is_elsewhere = target.sts:sub(1, #target.origin + 1) ~= target.origin .. "/"
  local connections <close> = is_elsewhere and pool.elsewhere(target, target.sts, { connections = 1 }) or nil
  local place = connections and at_service(connection, connections) or connection
  local response <close> = post(place, envelope(target, identity))
  if response.status ~= 200 and response.status ~= 500 and response.status ~= 400 then
    no_service(target, response)
  end
  local text = response:text()
  local code, words = fault_in(text)
  if code then
    refuse(target, code, words, response, origin)
  end
  local token = read(target, text)
  local seconds = token.ends and token.starts and token.ends - token.starts or TOKEN_SECONDS
  return { token = token, identity = identity, issued = task.now(), seconds = seconds }
end

--- Seconds for which a token is still good. How long it lives is the server's word, how much of that is over our
--- clock's; so it does not matter if the two show different times.
---@param held perilune.vim.login.Held
---@return number
function sts.left(held)
  return held.issued + held.seconds - task.now()
end

return sts
