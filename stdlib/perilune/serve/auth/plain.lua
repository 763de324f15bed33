--- Passwords and tokens, client certificates, addresses; several of them at once; nobody.
local base64 = require "perilune.util.base64"
local cidr = require "perilune.util.cidr"
local options = require "perilune.serve.auth.options"
local signature = require "perilune.serve.auth.signature"

local plain = {}

local function credentials(request, scheme)
  local text = request:header "Authorization"
  local name, rest = (text or ""):match "^(%S+)%s+(%S+)$"
  return name and name:lower() == scheme and rest or nil
end

local function verify_bearer(self, request)
  local token = credentials(request, "bearer")
  if not token then return nil, "it has no token" end
  if not signature.is_secret(self.secrets, token) then return nil, "its token is another" end
  return { who = "bearer" }
end

--- bearer { token = secret.file "…" }. Its deliveries have no ids: each is a new one.
---@return perilune.serve.Verifier
function plain.bearer(fields)
  options.check("bearer", fields, { token = "secret" }, { "token" })
  return { name = "bearer", challenge = "Bearer", secrets = options.secrets("bearer", "token", fields.token),
    verify = verify_bearer }
end

local function verify_basic(self, request)
  local text = base64.decode(credentials(request, "basic") or "")
  local user, password = (text or ""):match "^([^:]*):(.*)$"
  if not user then return nil, "it has no user and password" end
  local is_right = signature.is_secret(self.secrets, password)
  if user ~= self.user or not is_right then return nil, "its user or password is another" end
  return { who = user }
end

--- basic { user = "alertmanager", password = secret.file "…" }
---@return perilune.serve.Verifier
function plain.basic(fields)
  options.check("basic", fields, { user = "string", password = "secret" }, { "user", "password" })
  return { name = "basic", challenge = 'Basic realm="perilune", charset="UTF-8"', user = fields.user,
    secrets = options.secrets("basic", "password", fields.password), verify = verify_basic }
end

local function set_of(word, name, value, convert)
  local set = {}
  for _, item in ipairs(type(value) == "table" and value or { value }) do
    local key = type(item) == "string" and convert(item)
    if not key or key == "" then options.refuse(word, ("%s: %s is none"):format(name, tostring(item))) end
    set[key] = true
  end
  return set
end

local function verify_certificate(self, request)
  local shown = request:certificate()
  if not shown then return nil, "it shows no certificate" end
  local is_known = (not self.sha256 or self.sha256[shown.sha256]) and (not self.subject or self.subject[shown.subject])
  if not is_known then return nil, "its certificate is another: " .. shown.subject end
  return { who = shown.subject }
end

local function thumbprint(text)
  local digits = text:gsub("[:%s]", ""):lower()
  return #digits == 64 and not digits:find "%X" and digits or nil
end

--- client_certificate { sha256 = { "4f:1c:…" }, subject = "CN=ci" }: tls needs client_ca and client.
---@return perilune.serve.Verifier
function plain.client_certificate(fields)
  local word = "client_certificate"
  if type(fields) ~= "table" or not (fields.sha256 or fields.subject) then
    options.refuse(word, "whose? It needs sha256 or subject")
  end
  for name in pairs(fields) do
    if name ~= "sha256" and name ~= "subject" then options.refuse(word, ("unknown field %q"):format(tostring(name))) end
  end
  return {
    name = word, sha256 = fields.sha256 and set_of(word, "sha256", fields.sha256, thumbprint),
    subject = fields.subject and set_of(word, "subject", fields.subject, function(text) return text end),
    verify = verify_certificate,
  }
end

local function verify_addresses(self, request)
  for _, range in ipairs(self.ranges) do
    if cidr.contains(range, request.peer) then return { who = request.peer } end
  end
  return nil, "its address is another"
end

--- addresses { "10.0.0.0/8", "::1" }: of the other end of the connection, which may be a proxy.
---@return perilune.serve.Verifier
function plain.addresses(fields)
  local ranges = {}
  if type(fields) ~= "table" or #fields == 0 then
    options.refuse("addresses", 'expected a list, as { "10.0.0.0/8" }')
  end
  for i, text in ipairs(fields) do
    ranges[i] = cidr.parse(text) or options.refuse("addresses", ("%q is no address or range"):format(tostring(text)))
  end
  return { name = "addresses", ranges = ranges, verify = verify_addresses }
end

local function verify_all(self, request, now)
  local identity = {}
  for _, verifier in ipairs(self.verifiers) do
    local found, reason = verifier:verify(request, now)
    if not found then return nil, reason end
    for name, value in pairs(found) do identity[name] = identity[name] or value end
  end
  return identity
end

--- all_of { bearer { … }, addresses { … } }: who calls must satisfy each.
---@return perilune.serve.Verifier
function plain.all_of(list)
  if type(list) ~= "table" or #list == 0 then options.refuse("all_of", "expected a list of who may call") end
  local names, challenge = {}, nil
  for i, verifier in ipairs(list) do
    if type(verifier) ~= "table" or type(verifier.verify) ~= "function" then
      options.refuse("all_of", ("number %d does not say who may call"):format(i))
    end
    names[i], challenge = verifier.name, challenge or verifier.challenge
  end
  return { name = table.concat(names, " and "), challenge = challenge, verifiers = list, verify = verify_all }
end

--- auth = none lets everybody in.
plain.none = { name = "none", verify = function() return { who = "anybody" } end }

return plain
