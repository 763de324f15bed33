--- Slack, Standard Webhooks, and signatures of one's own description: with a time that limits repetitions.
local base64 = require "perilune.util.base64"
local digest = require "perilune.c.digest"
local json = require "perilune.c.json"
local options = require "perilune.serve.auth.options"
local secret = require "perilune.util.secret"
local signature = require "perilune.serve.auth.signature"
local time = require "perilune.c.time"

local timed = {}

local WINDOW = 300 -- seconds

-- Slack asks once whether an address is ours, and wants a word of the question back.
local function challenge_of(body)
  local ok, value = pcall(json.decode, body)
  local is_question = ok and type(value) == "table" and value.type == "url_verification"
  return is_question and type(value.challenge) == "string" and value.challenge or nil
end

local function verify_slack(self, request, now)
  local stamp, text = request:header "X-Slack-Request-Timestamp", request:header "X-Slack-Signature"
  local given = text and text:match "^v0=(%x+)$"
  given = given and signature.from_hex(given)
  if not given or not stamp then return nil, "it has no signature" end
  local signed = ("v0:%s:%s"):format(stamp, request.body)
  if not signature.is_of(self.secrets, "sha256", signed, given) then return nil, "its signature is another" end
  local ok, reason = signature.is_timely(stamp, now, self.window)
  if not ok then return nil, reason end
  return { who = "slack", delivery_id = digest.sha256(signed), answer = challenge_of(request.body) }
end

--- slack { secret = secret.env "…", window = 300 }
---@return perilune.serve.Verifier
function timed.slack(fields)
  options.check("slack", fields, { secret = "secret", window = "number" }, { "secret" })
  return { name = "slack", secrets = options.secrets("slack", "secret", fields.secret),
    window = fields.window or WINDOW, verify = verify_slack }
end

-- Standard Webhooks ----------------------------------------------------------------------------------------------

-- A secret is "whsec_" and base64, a public key "whpk_" and base64.
local function standard_keys(secrets)
  local symmetric, public = {}, {}
  for _, one in ipairs(secrets) do
    local text = secret.reveal(one)
    local kind, rest = text:match "^(wh%l+)_(.*)$"
    local bytes = base64.decode(rest or text)
    if not bytes or bytes == "" then
      options.refuse("standard_webhooks", "secret: it is no base64",
        "it begins with whsec_ (or whpk_ for a public key)")
    end
    table.insert(kind == "whpk" and public or symmetric, secret.new(bytes, secret.source(one)))
  end
  return symmetric, public
end

local function is_signed_by(public, text, given)
  local found = false
  for _, key in ipairs(public) do found = digest.ed25519_verify(secret.reveal(key), given, text) or found end
  return found
end

local function is_standard(self, text, list)
  for version, encoded in list:gmatch "(v%w+),(%S+)" do
    local given = base64.decode(encoded)
    if given and version == "v1" and signature.is_of(self.secrets, "sha256", text, given) then return true end
    if given and version == "v1a" and is_signed_by(self.public, text, given) then return true end
  end
  return false
end

local function verify_standard(self, request, now)
  local id, stamp, list = request:header "webhook-id", request:header "webhook-timestamp",
    request:header "webhook-signature"
  if not (id and stamp and list) then return nil, "it has no signature" end
  if not is_standard(self, ("%s.%s.%s"):format(id, stamp, request.body), list) then
    return nil, "its signature is another"
  end
  local ok, reason = signature.is_timely(stamp, now, self.window)
  if not ok then return nil, reason end
  return { who = "standard webhook", delivery_id = id }
end

--- standard_webhooks { secret = secret.env "…", window = 300 }: https://www.standardwebhooks.com
---@return perilune.serve.Verifier
function timed.standard_webhooks(fields)
  options.check("standard_webhooks", fields, { secret = "secret", window = "number" }, { "secret" })
  local symmetric, public = standard_keys(options.secrets("standard_webhooks", "secret", fields.secret))
  return { name = "standard_webhooks", secrets = symmetric, public = public, window = fields.window or WINDOW,
    verify = verify_standard }
end

-- HMAC in general ------------------------------------------------------------------------------------------------

local HMAC = { secret = "secret", header = "string", algorithm = "string", encoding = "string", prefix = "string",
  timestamp = "table", signed = "string", id = "string", event = "string" }
local ALGORITHMS = { sha1 = true, sha256 = true, sha512 = true }
local STAMP = { header = "string", window = "number", format = "string" }
local FORMATS = { unix = true, unix_ms = true, iso8601 = true }

-- A time as seconds since 1970, as text.
local function seconds_of(text, format)
  if format == "iso8601" then
    local ok, value = pcall(time.parse, text)
    return ok and ("%d"):format(math.floor(value - time.parse "1970-01-01T00:00:00Z")) or nil
  elseif format == "unix_ms" then
    return text:match "^(%d+)%d%d%d$"
  end
  return text
end

local function signed_text(self, request, stamp)
  local parts = { timestamp = stamp or "", body = request.body, method = request.method, path = request.path }
  return (self.signed:gsub("{(%l+)}", parts))
end

local function hmac_id(self, request, text)
  if self.id then return request:header(self.id) end
  return self.stamp and digest.sha256(text) or nil
end

local function verify_hmac(self, request, now)
  local text = request:header(self.header)
  local stamp = self.stamp and request:header(self.stamp.header)
  if not text or self.stamp and not stamp then return nil, "it has no signature" end
  local given = text:sub(1, #self.prefix) == self.prefix and self.decode(text:sub(#self.prefix + 1))
  if not given then return nil, "its signature is not written as it should be" end
  local signed = signed_text(self, request, stamp)
  if not signature.is_of(self.secrets, self.algorithm, signed, given) then return nil, "its signature is another" end
  if self.stamp then
    local ok, reason = signature.is_timely(seconds_of(stamp, self.stamp.format), now, self.stamp.window or WINDOW)
    if not ok then return nil, reason end
  end
  local event = self.event and request:header(self.event)
  return { who = "hmac", delivery_id = hmac_id(self, request, signed), event = event }
end

local function one_of(name, value, set)
  if set[value] then return value end
  local words = {}
  for word in pairs(set) do words[#words + 1] = word end
  table.sort(words)
  options.refuse("hmac", ("%s: %q is not among %s"):format(name, value, table.concat(words, ", ")))
end

local function check_stamp(stamp, signed)
  if not stamp then return nil end
  options.check("hmac: timestamp", stamp, STAMP, { "header" })
  one_of("timestamp.format", stamp.format or "unix", FORMATS)
  if not signed:find("{timestamp}", 1, true) then
    options.refuse("hmac", "the time is not part of what is signed: anybody could change it",
      'say how: signed = "{timestamp}.{body}"')
  end
  return stamp
end

--- hmac { secret = …, header = "X-Signature", algorithm = "sha256", encoding = "hex", prefix = "sha256=",
---   signed = "{timestamp}.{body}", timestamp = { header = "X-Time", window = 300, format = "unix" },
---   id = "X-Delivery", event = "X-Event" }
---@return perilune.serve.Verifier
function timed.hmac(fields)
  options.check("hmac", fields, HMAC, { "secret", "header" })
  local signed = fields.signed or "{body}"
  return {
    name = "hmac", secrets = options.secrets("hmac", "secret", fields.secret), header = fields.header,
    algorithm = one_of("algorithm", fields.algorithm or "sha256", ALGORITHMS), prefix = fields.prefix or "",
    decode = signature.DECODERS[one_of("encoding", fields.encoding or "hex", signature.DECODERS)],
    signed = signed, stamp = check_stamp(fields.timestamp, signed), id = fields.id, event = fields.event,
    verify = verify_hmac,
  }
end

return timed
