--- GitHub, GitLab, Gitea, Forgejo and Bitbucket.
local digest = require "perilune.c.digest"
local options = require "perilune.serve.auth.options"
local signature = require "perilune.serve.auth.signature"

local forges = {}

---@class perilune.serve.Verifier
---@field name string
---@field challenge string?  for WWW-Authenticate
---@field verify fun(self, request: table, now: number): perilune.serve.Identity?, string?  or nil and why, for the log

---@class perilune.serve.Identity
---@field who string
---@field delivery_id string?
---@field event string?
---@field answer string?  what the sender wants to hear: it asks, and delivers nothing

local function first_header(request, names)
  for _, name in ipairs(names) do
    local value = request:header(name)
    if value and value ~= "" then return value end
  end
end

--- What each forge calls its headers. A signature is hexadecimal, after a prefix or without one.
local SIGNED = {
  github = { signature = { "X-Hub-Signature-256" }, prefix = "sha256=", event = { "X-GitHub-Event" },
    id = { "X-GitHub-Delivery" } },
  gitea = { signature = { "X-Gitea-Signature", "X-Forgejo-Signature", "X-Gogs-Signature" }, prefix = "",
    event = { "X-Gitea-Event", "X-Forgejo-Event", "X-Gogs-Event" },
    id = { "X-Gitea-Delivery", "X-Forgejo-Delivery", "X-Gogs-Delivery" } },
  bitbucket = { signature = { "X-Hub-Signature" }, prefix = "sha256=", event = { "X-Event-Key" },
    id = { "X-Request-UUID", "X-Request-Id" } },
}
SIGNED.forgejo = SIGNED.gitea

local function verify_signed(self, request)
  local forge = self.forge
  local text = first_header(request, forge.signature)
  if not text then return nil, "it has no signature" end
  local given = text:sub(1, #forge.prefix) == forge.prefix and signature.from_hex(text:sub(#forge.prefix + 1))
  if not given then return nil, "its signature is not written as it should be" end
  if not signature.is_of(self.secrets, "sha256", request.body, given) then return nil, "its signature is another" end
  -- Without an id a repetition is known by what was signed.
  local id = first_header(request, forge.id) or digest.sha256(given .. request.body)
  return { who = self.name, delivery_id = id, event = first_header(request, forge.event) }
end

for name, forge in pairs(SIGNED) do
  --- github { secret = secret.env "…" } and so on: HMAC-SHA-256 of the body.
  forges[name] = function(fields)
    options.check(name, fields, { secret = "secret" }, { "secret" })
    return { name = name, forge = forge, secrets = options.secrets(name, "secret", fields.secret),
      verify = verify_signed }
  end
end

local function verify_gitlab(self, request)
  local token = request:header "X-Gitlab-Token"
  if not token then return nil, "it has no token" end
  if not signature.is_secret(self.secrets, token) then return nil, "its token is another" end
  return { who = "gitlab", delivery_id = first_header(request, { "Idempotency-Key", "X-Gitlab-Event-UUID" }),
    event = request:header "X-Gitlab-Event" }
end

--- gitlab { token = secret.env "…" }: GitLab signs nothing with it; its newer signing tokens are standard_webhooks.
---@return perilune.serve.Verifier
function forges.gitlab(fields)
  options.check("gitlab", fields, { token = "secret" }, { "token" })
  return { name = "gitlab", secrets = options.secrets("gitlab", "token", fields.token), verify = verify_gitlab }
end

return forges
