--- Who is believed: by the vectors that the providers publish, and by what comes near to them.
local auth = require "perilune.serve.auth"
local digest = require "perilune.c.digest"
local recipe = require "perilune.util.recipe"
local t = require "tests.support.spec"

local function hex(bytes)
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

--- A recipe for a secret that is `value`.
local function kept(value)
  return recipe.words(function() return value end).env "TEST"
end

local function request(headers, body, more)
  local by_name = {}
  for name, value in pairs(headers) do by_name[name:lower()] = value end
  local made = more or {}
  made.body, made.method, made.path = body or "", made.method or "POST", made.path or "/hooks/x"
  function made.header(_, name) return by_name[name:lower()] end
  function made.certificate() return made.shown end
  return made
end

local function refused(verifier, made, now)
  local identity, reason = verifier:verify(made, now or 0)
  t.is_nil(identity)
  t.equal(type(reason), "string")
  return reason
end

-- https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
local GITHUB = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

t.test("GitHub: its published example, and nothing near to it", function()
  local verifier = auth.github { secret = kept "It's a Secret to Everybody" }
  local function signed(signature, body)
    return request({ ["X-Hub-Signature-256"] = signature, ["X-GitHub-Delivery"] = "id-1", ["X-GitHub-Event"] = "push" },
      body or "Hello, World!")
  end
  t.equal(verifier:verify(signed("sha256=" .. GITHUB), 0), { who = "github", delivery_id = "id-1", event = "push" })
  t.equal(verifier:verify(signed("sha256=" .. GITHUB:upper()), 0).who, "github")
  refused(verifier, signed("sha256=" .. GITHUB, "Hello, World"))
  refused(verifier, signed("sha256=" .. GITHUB:sub(1, -3)))
  refused(verifier, signed("sha256=" .. GITHUB .. "00"))
  refused(verifier, signed("sha1=" .. GITHUB))
  refused(verifier, signed(GITHUB))
  refused(verifier, signed "sha256=")
  refused(verifier, signed "sha256=zz")
  t.equal(refused(verifier, request({}, "Hello, World!")), "it has no signature")
end)

t.test("bytes that are no text are signed as they are", function()
  local body = "\xff\0\xfe{}"
  local verifier = auth.gitea { secret = kept "s3cret" }
  local headers = { ["X-Gitea-Signature"] = hex(digest.hmac("sha256", "s3cret", body)),
    ["X-Gitea-Delivery"] = "d", ["X-Gitea-Event"] = "push" }
  t.equal(verifier:verify(request(headers, body), 0), { who = "gitea", delivery_id = "d", event = "push" })
  local forgejo = auth.forgejo { secret = kept "s3cret" }
  local bare = request({ ["X-Forgejo-Signature"] = headers["X-Gitea-Signature"] }, body)
  local identity = forgejo:verify(bare, 0)
  t.equal({ identity.who, #identity.delivery_id }, { "forgejo", 64 }) -- a repetition is known without an id, too
  t.equal(forgejo:verify(bare, 0).delivery_id, identity.delivery_id)
end)

-- https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/
t.test("Bitbucket: its published example", function()
  local verifier = auth.bitbucket { secret = kept "It's a Secret to Everybody" }
  local signature = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
  local headers = { ["X-Hub-Signature"] = signature, ["X-Event-Key"] = "repo:push", ["X-Request-UUID"] = "u" }
  t.equal(verifier:verify(request(headers, "Hello World!"), 0),
    { who = "bitbucket", delivery_id = "u", event = "repo:push" })
  refused(verifier, request(headers, "Hello World?"))
end)

t.test("GitLab: its token, whatever its length", function()
  local verifier = auth.gitlab { token = kept "token-1" }
  local headers = { ["X-Gitlab-Token"] = "token-1", ["X-Gitlab-Event"] = "Push Hook", ["Idempotency-Key"] = "k" }
  t.equal(verifier:verify(request(headers), 0), { who = "gitlab", delivery_id = "k", event = "Push Hook" })
  for _, wrong in ipairs { "token-2", "token-", "token-11", "Token-1", "" } do
    refused(verifier, request { ["X-Gitlab-Token"] = wrong })
  end
end)

-- https://api.slack.com/authentication/verifying-requests-from-slack
local SLACK = { secret = "8f742231b10e8888abcd99yyyzzz85a5", at = 1531420618,
  signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
  body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    .. "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    .. "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    .. "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c" }

t.test("Slack: its published example, within its time", function()
  local verifier = auth.slack { secret = kept(SLACK.secret) }
  local made = request({ ["X-Slack-Signature"] = SLACK.signature, ["X-Slack-Request-Timestamp"] = tostring(SLACK.at) },
    SLACK.body)
  local identity = verifier:verify(made, SLACK.at + 299)
  t.equal(identity.who, "slack")
  t.equal(verifier:verify(made, SLACK.at - 100).delivery_id, identity.delivery_id)
  t.match(refused(verifier, made, SLACK.at + 301), "301 s")
  refused(verifier, made, SLACK.at - 301)
  refused(auth.slack { secret = kept(SLACK.secret), window = 10 }, made, SLACK.at + 11)
  local later = request({ ["X-Slack-Signature"] = SLACK.signature,
    ["X-Slack-Request-Timestamp"] = tostring(SLACK.at + 1000) }, SLACK.body)
  t.equal(refused(verifier, later, SLACK.at + 1000), "its signature is another")
end)

t.test("Slack is answered when it asks whether we are there", function()
  local body = '{"type":"url_verification","challenge":"3eZbrw1aB","token":"x"}'
  local verifier = auth.slack { secret = kept "s" }
  local made = request({ ["X-Slack-Request-Timestamp"] = "100",
    ["X-Slack-Signature"] = "v0=" .. hex(digest.hmac("sha256", "s", "v0:100:" .. body)) }, body)
  t.equal(verifier:verify(made, 100).answer, "3eZbrw1aB")
end)

-- https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
local STANDARD = { secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
  at = 1614265330, body = '{"test": 2432232314}', signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" }

t.test("Standard Webhooks: the reference library's example, one of several signatures, within its time", function()
  local verifier = auth.standard_webhooks { secret = kept(STANDARD.secret) }
  local function signed(signature, id)
    return request({ ["webhook-id"] = id or STANDARD.id, ["webhook-timestamp"] = tostring(STANDARD.at),
      ["webhook-signature"] = signature }, STANDARD.body)
  end
  t.equal(verifier:verify(signed(STANDARD.signature), STANDARD.at).delivery_id, STANDARD.id)
  t.equal(verifier:verify(signed("v1,AAAA v2,xx " .. STANDARD.signature), STANDARD.at).delivery_id, STANDARD.id)
  refused(verifier, signed(STANDARD.signature, "msg_other"), STANDARD.at)
  refused(verifier, signed(STANDARD.signature), STANDARD.at + 301)
  refused(verifier, signed((STANDARD.signature:gsub("^v1", "v1a"))), STANDARD.at)
  refused(verifier, signed "v1,g0hM9SsE", STANDARD.at)
end)

t.test("two secrets count while one is exchanged for the other", function()
  local verifier = auth.github { secret = { kept "old", kept "new" } }
  for secret, is_right in pairs { old = true, new = true, older = false } do
    local made = request({ ["X-Hub-Signature-256"] = "sha256=" .. hex(digest.hmac("sha256", secret, "b")) }, "b")
    t.equal(verifier:verify(made, 0) ~= nil, is_right)
  end
end)

t.test("a signature of one's own description", function()
  local verifier = auth.hmac { secret = kept "k", header = "X-Sig", algorithm = "sha512", encoding = "base64",
    prefix = "v=", signed = "{timestamp}.{path}.{body}", id = "X-Id", event = "X-Kind",
    timestamp = { header = "X-Time", window = 60, format = "iso8601" } }
  local base64 = require "perilune.util.base64"
  local function signed(stamp)
    local text = stamp .. "./hooks/x.body"
    return request({ ["X-Sig"] = "v=" .. base64.encode(digest.hmac("sha512", "k", text)), ["X-Time"] = stamp,
      ["X-Id"] = "7", ["X-Kind"] = "made" }, "body")
  end
  t.equal(verifier:verify(signed "2026-01-01T00:00:00Z", 1767225600 + 59),
    { who = "hmac", delivery_id = "7", event = "made" })
  refused(verifier, signed "2026-01-01T00:00:00Z", 1767225600 + 61)
  refused(verifier, signed "yesterday", 1767225600)
  local e = t.raises(function()
    auth.hmac { secret = kept "k", header = "X", timestamp = { header = "X-Time" } }
  end, "serve.config")
  t.match(e.message, "anybody could change it")
end)

t.test("times in milliseconds, of any length", function()
  local verifier = auth.hmac { secret = kept "k", header = "X-Sig", signed = "{timestamp}.{body}",
    timestamp = { header = "X-Time", format = "unix_ms" } }
  local function signed(stamp)
    return request({ ["X-Sig"] = hex(digest.hmac("sha256", "k", stamp .. ".b")), ["X-Time"] = stamp }, "b")
  end
  t.equal(verifier:verify(signed "1767225600123", 1767225600).who, "hmac")
  refused(verifier, signed(("9"):rep(30)), 1767225600)
  refused(verifier, signed "12", 1767225600)
end)

t.test("tokens and passwords", function()
  local bearer = auth.bearer { token = kept "t0ken" }
  t.equal(bearer:verify(request { Authorization = "Bearer t0ken" }, 0), { who = "bearer" })
  t.equal(bearer:verify(request { Authorization = "bearer  t0ken" }, 0), { who = "bearer" })
  refused(bearer, request { Authorization = "Bearer t0ken2" })
  refused(bearer, request { Authorization = "Basic t0ken" })
  refused(bearer, request {})
  local basic = auth.basic { user = "am", password = kept "p:w" }
  t.equal(basic:verify(request { Authorization = "Basic YW06cDp3" }, 0), { who = "am" }) -- am:p:w
  refused(basic, request { Authorization = "Basic YW06cDp4" })
  refused(basic, request { Authorization = "Basic !!" })
  t.match(basic.challenge, "Basic realm=")
end)

t.test("certificates and addresses", function()
  local digits = ("ab"):rep(32)
  local verifier = auth.client_certificate { sha256 = ("AB:"):rep(31) .. "AB", subject = { "CN=ci", "CN=cd" } }
  t.equal(verifier:verify(request({}, "", { shown = { sha256 = digits, subject = "CN=cd" } }), 0), { who = "CN=cd" })
  refused(verifier, request({}, "", { shown = { sha256 = digits, subject = "CN=ca" } }))
  refused(verifier, request({}, "", { shown = { sha256 = ("ac"):rep(32), subject = "CN=ci" } }))
  refused(verifier, request {})
  local near = auth.addresses { "10.0.0.0/8", "fd00::/8", "192.0.2.7" }
  for peer, is_right in pairs { ["10.255.0.1"] = true, ["11.0.0.1"] = false, ["fdff::1"] = true, ["fe80::1"] = false,
    ["192.0.2.7"] = true, ["192.0.2.8"] = false, [""] = false } do
    t.equal(near:verify(request({}, "", { peer = peer }), 0) ~= nil, is_right, peer)
  end
end)

t.test("several conditions at once, and none", function()
  local both = auth.all_of { auth.bearer { token = kept "t" }, auth.addresses { "127.0.0.1" } }
  t.equal(both:verify(request({ Authorization = "Bearer t" }, "", { peer = "127.0.0.1" }), 0).who, "bearer")
  refused(both, request({ Authorization = "Bearer t" }, "", { peer = "127.0.0.2" }))
  refused(both, request({}, "", { peer = "127.0.0.1" }))
  t.equal(both.challenge, "Bearer")
  t.equal(auth.none:verify(request {}, 0), { who = "anybody" })
end)

t.test("mistakes in the file are told, secrets in it refused", function()
  local function told(fn) return t.raises(fn, "serve.config") end
  t.match(told(function() auth.github { secrt = kept "x" } end).hint, '"secret"')
  t.match(told(function() auth.github { secret = "plain" } end).hint, "secret.env")
  t.match(told(function() auth.github {} end).message, "it has no secret")
  t.match(told(function() auth.github "x" end).message, "expected a table")
  t.match(told(function() auth.hmac { secret = kept "x", header = "X", algorithm = "md5" } end).message, "sha1, sha256")
  t.match(told(function() auth.addresses { "10.0.0.0/33" } end).message, "10.0.0.0/33")
  t.match(told(function() auth.client_certificate {} end).message, "whose?")
  t.match(told(function() auth.standard_webhooks { secret = kept "whsec_!" } end).hint, "whsec_")
  t.raises(function() auth.github { secret = kept "" } end, "secret")
end)
