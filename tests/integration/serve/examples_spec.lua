--- playbooks/hooks.lua and the scripts that send to it, as the guide says.
local hooks = require "tests.support.hooks"
local process = require "perilune.c.process"
local server = require "tests.support.server"
local t = require "tests.support.spec"

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

local function start(lab)
  local text = read "playbooks/hooks.lua":gsub("127.0.0.1:8443", "127.0.0.1:0", 1)
  local env = { WEBHOOK_TOKEN = "token" }
  for name, value in pairs(lab.env) do env[name] = value end
  return hooks.start { hooks = text, files = { ["web-tier.lua"] = read "playbooks/web-tier.lua" }, env = env }
end

local function deliver(kind, url, env)
  env.PATH = os.getenv "PATH"
  local child <close> = process.spawn { argv = { "tests/support/deliver.sh", kind, url }, env = env }
  local text = ""
  for _, bytes in function() return child:read() end do text = text .. bytes end
  t.equal(child:wait(), 0, text)
  return text
end

t.test("a deployment on GitHub changes the web tier, and is known when it is delivered again", function()
  local lab = server.start()
  local s = start(lab)
  local env = { WEBHOOK_SECRET = hooks.SECRET, DELIVERY_ID = "d-1" }
  t.match(deliver("github", s.url .. "/hooks/deploy", env), "202")
  t.equal(s:await_run(1, "done").key, "lab/web-tier")
  t.match(lab:govc("find", "/DC0/vm", "-type", "m", "-name", "web-*"), "web-02")
  t.match(deliver("github", s.url .. "/hooks/deploy", env), '"known":true')
  t.match(deliver("github", s.url .. "/hooks/deploy", { WEBHOOK_SECRET = "wrong" }), "401")
end)

t.test("an alert starts a function", function()
  local s = start(server.start())
  t.match(deliver("alertmanager", s.url .. "/hooks/datastore-full", { WEBHOOK_TOKEN = "token" }), "202")
  local run = s:await_run(1, "done")
  t.match(run.key, "DatastoreFull")
  t.match(s:log_of(1), "full  datastore=LocalDS_0")
end)

t.test("the careful one waits for somebody, and tells what it would do", function()
  local s = start(server.start())
  deliver("github", s.url .. "/hooks/deploy-carefully", { WEBHOOK_SECRET = hooks.SECRET })
  t.equal(s:await_run(1, "held").summary.add > 0, true)
  local page = s:request("GET", "/runs/1")
  t.match(page.text, "to add")
  t.match(page.text, "Approve")
  local form = page.text:match 'name="form"[^>]*value="(%x+)"' or page.text:match 'value="(%x+)"[^>]*name="form"'
    or page.text:match 'type="hidden" value="(%x+)"'
  local headers = { ["Content-Type"] = "application/x-www-form-urlencoded", Origin = s.url }
  t.equal(s:request("POST", "/runs/1/approve", { Origin = "https://evil.example" }, "form=" .. form).status, 403)
  t.equal(s:request("POST", "/runs/1/approve", headers, "form=" .. form).status, 303)
  t.match(s:await_run(1, "done").approved_by, "this machine")
end)

-- Seen from outside ----------------------------------------------------------------------------------------------

t.test("promtool finds nothing wrong with the metrics, nor with the rules", function()
  local lab = server.start()
  local s = start(lab)
  deliver("github", s.url .. "/hooks/deploy", { WEBHOOK_SECRET = hooks.SECRET })
  s:await_run(1, "done")
  local text = s:request("GET", "/metrics").text
  t.match(text, 'perilune_deliveries_total{hook="deploy",status="202"} 1')
  t.match(text, 'perilune_runs_total{hook="deploy",state="done"} 1')
  t.find(text, 'perilune_vsphere_requests_total{method="Login",outcome="ok"} 1')
  local child <close> = process.spawn { argv = { "promtool", "check", "metrics" }, stdin = text }
  local told = ""
  for _, bytes in function() return child:read() end do told = told .. bytes end
  t.equal({ child:wait(), told }, { 0, "" })
  t.equal((process.run { "promtool", "check", "rules", "docs/monitoring/alerts.yml" }), 0)
end)

t.test("each panel of the dashboard and each rule asks for metrics that there are", function()
  local text = start(server.start()):request("GET", "/metrics").text
  local known = {}
  for name in text:gmatch "# TYPE ([%w_]+)" do known[name] = true end
  for _, path in ipairs { "docs/monitoring/dashboard.json", "docs/monitoring/alerts.yml" } do
    for name in read(path):gmatch "perilune_[%w_]+" do
      local base = name:gsub("_bucket$", "")
      t.is_true(known[base] or false, path .. ": " .. name)
    end
  end
end)

t.test("the log is a line of JSON for each event, with delivery and run", function()
  local s = start(server.start())
  deliver("github", s.url .. "/hooks/deploy", { WEBHOOK_SECRET = hooks.SECRET, DELIVERY_ID = "d-7" })
  s:await_run(1, "done")
  for _, message in ipairs { "delivery accepted", "run started", "run done" } do
    local record = s:await_log(message)
    t.equal({ record.delivery, record.run, record.hook }, { "d-7", 1, "deploy" })
    t.find(record.time, "^%d+%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d+Z$")
  end
  t.equal(#s.text, #s.records)
end)

t.test("a trace goes from the sender to the delivery, the run, its steps and requests", function()
  local lab = server.start()
  local collector = hooks.start { hooks = [[listen "127.0.0.1:0"
hook "spans" { auth = none, run = function() end }]] }
  local settings = ('telemetry { otlp = "%s/hooks/spans?" }\n'):format(collector.url)
  local env = {}
  for name, value in pairs(lab.env) do env[name] = value end
  local s = hooks.start { env = env,
    files = { ["f.lua"] = 'playbook "t"\nfolder "traced" { path = "/DC0/vm/traced" }' },
    hooks = 'listen "127.0.0.1:0"\n' .. settings .. 'hook "make" { auth = none, run = "f.lua" }' }
  local parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
  s:request("POST", "/hooks/make", { traceparent = parent }, "{}")
  s:await_run(1, "done")
  t.equal(s:stop(), 0)
  local spans, by_id = {}, {}
  for _, run in ipairs(collector:store():runs()) do
    local body = require("perilune.c.json").decode(collector:store():delivery(run.id).body)
    t.equal(body.resourceSpans[1].resource.attributes[1].value.stringValue, "perilune")
    for _, span in ipairs(body.resourceSpans[1].scopeSpans[1].spans) do
      spans[#spans + 1], by_id[span.spanId] = span, span
      t.equal(span.traceId, "4bf92f3577b34da6a3ce929d0e0e4736")
      t.is_true(tonumber(span.startTimeUnixNano) <= tonumber(span.endTimeUnixNano))
    end
  end
  local function path_of(span)
    local above = by_id[span.parentSpanId]
    return (above and path_of(above) .. " > " or span.parentSpanId .. " > ") .. span.name
  end
  local paths = {}
  for _, span in ipairs(spans) do paths[path_of(span)] = true end
  local run = "00f067aa0ba902b7 > POST /hooks/make > run make"
  t.is_true(paths[run] or false, t.dump(paths))
  t.is_true(paths[run .. " > folder create"] or false, t.dump(paths))
  local is_below = false
  for path in pairs(paths) do
    is_below = is_below or path:find(run .. " > folder create > CreateFolder on Folder:", 1, true) ~= nil
  end
  t.is_true(is_below, t.dump(paths))
end)
