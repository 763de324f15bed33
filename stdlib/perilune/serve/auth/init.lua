--- The words of hooks.lua that say who may call: github, gitlab, gitea, forgejo, bitbucket, slack, standard_webhooks,
--- hmac, bearer, basic, client_certificate, addresses, all_of, none.
---
--- Each gives a verifier, which looks at the raw bytes of a request before anything of it is parsed.
local auth = {}

for _, part in ipairs { "forges", "timed", "plain" } do
  for name, word in pairs(require("perilune.serve.auth." .. part)) do auth[name] = word end
end

return auth
