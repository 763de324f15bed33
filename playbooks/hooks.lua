-- Webhooks for the simulated vCenter: perilune serve playbooks/hooks.lua
-- tests/support/deliver.sh sends what GitHub and Alertmanager would send.

listen "127.0.0.1:8443"

-- The pages at http://127.0.0.1:8443/ are for whoever works on this machine.
pages { sign_in = false }

-- A deployment on GitHub is a new state of the web tier.
hook "deploy" {
  auth    = github { secret = secret.env "WEBHOOK_SECRET" },
  when    = function(event) return event.type == "deployment" and event.body.deployment.environment == "lab" end,
  run     = "web-tier.lua",
  vars    = function(event) return { count = event.body.deployment.payload.replicas } end,
  key     = function(event) return event.body.repository.full_name end,
  keep    = "latest",            -- of several that wait only the newest matters
  allow   = { "reboot" },
  timeout = "15m",
  retries = { max = 5, backoff = "exponential" },
}

-- The same, but somebody has to look at the plan first.
hook "deploy-carefully" {
  auth    = github { secret = secret.env "WEBHOOK_SECRET" },
  run     = "web-tier.lua",
  vars    = function(event) return { count = event.body.deployment.payload.replicas } end,
  approve = "plan",
}

-- An alert names the VMs that are off: they are what could be moved.
hook "datastore-full" {
  auth = bearer { token = secret.env "WEBHOOK_TOKEN" },
  when = function(event) return event.body.status == "firing" end,
  key  = function(event) return event.body.groupKey end,
  run  = function(event)
    local vc = vcenter()
    for _, alert in ipairs(event.body.alerts) do log.info("full", { datastore = alert.labels.datastore }) end
    local off = { ["runtime.powerState"] = "poweredOff" }
    for row in vc:rows { type = "VirtualMachine", props = { "name" }, where = off } do
      log.info("candidate", { vm = row.name })
    end
  end,
}
