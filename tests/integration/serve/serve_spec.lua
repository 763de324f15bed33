local hooks = require "tests.support.hooks"
local process = require "perilune.c.process"
local server = require "tests.support.server"
local t = require "tests.support.spec"

local HOOKS = [[
listen "127.0.0.1:0"
hook "deploy" {
  auth = github { secret = secret.env "WEBHOOK_SECRET" },
  when = function(event) return event.type == "deployment" end,
  run = "folder.lua",
  vars = function(event) return { name = event.body.name } end,
  key = function(event) return event.body.key end,
}
hook "look" {
  auth = github { secret = secret.env "WEBHOOK_SECRET" },
  run = function(event)
    local vc = vcenter()
    for row in vc:rows { type = "VirtualMachine", props = { "name" } } do print(row.name, event.body.word) end
  end,
}
]]

local PLAYBOOK = [[
playbook "hooked"
local name = var("name", { type = "string" })
folder(name) { path = "/DC0/vm/" .. name }
]]

local function start(lab, more)
  return hooks.start { hooks = more or HOOKS, files = { ["folder.lua"] = PLAYBOOK }, env = lab and lab.env }
end

t.test("a signed delivery becomes a run, and the run changes the server", function()
  local lab = server.start()
  local s = start(lab)
  local answer = s:deliver("deploy", "deployment", "d-1", { name = "from-hook", key = "a" })
  t.equal({ answer.status, answer.body }, { 202, { run = 1, state = "queued" } })
  local run = s:await_run(1, "done")
  t.equal(run.outcome, "1 added, 0 changed, 0 destroyed")
  t.match(lab:govc("find", "/DC0/vm", "-type", "f"), "/DC0/vm/from-hook")
  t.match(s:log_of(1), 'folder "from-hook"')
end)

t.test("a delivery whose id was seen is answered with the first one's run", function()
  local s = start(server.start())
  local first = s:deliver("deploy", "deployment", "d-1", { name = "x" })
  local again = s:deliver("deploy", "deployment", "d-1", { name = "x" })
  t.equal(again.status, 202)
  t.equal({ again.body.run, again.body.known }, { first.body.run, true })
  t.equal(#s:store():runs(), 1)
end)

t.test("a delivery that is not wanted is kept, and not run", function()
  local s = start()
  t.equal(s:deliver("deploy", "ping", "d-1", {}).body, { run = 1, state = "ignored" })
end)

t.test("a function hook runs in a process of its own", function()
  local lab = server.start()
  local s = start(lab)
  s:deliver("look", "push", "d-1", { word = "seen" })
  s:await_run(1, "done")
  t.match(s:log_of(1), "DC0_H0_VM0  seen")
end)

t.test("who is not believed, and who asks for no hook, learn nothing", function()
  local s = start()
  local wrong = s:deliver("deploy", "deployment", "d-1", {}, "another secret")
  local missing = s:deliver("no-such-hook", "deployment", "d-1", {})
  t.equal({ wrong.status, wrong.text }, { missing.status, missing.text })
  t.equal(wrong.status, 401)
  t.equal(s:request("GET", "/hooks/deploy").status, 405)
  t.equal(#s:store():runs(), 0)
  t.match(s:await_log("delivery not believed").reason, "signature")
end)

-- What becomes of runs -------------------------------------------------------------------------------------------

local QUEUE = [[
listen "127.0.0.1:0"
limits { runs = 3 }
local function hook_of(fields)
  fields.auth = github { secret = secret.env "WEBHOOK_SECRET" }
  return fields
end
local function touch(event)
  local file <close> = io.open("order.txt", "a")
  file:write(event.body.n, "\n")
end
hook "all" (hook_of { key = "one", run = function(event) sleep(0.1) touch(event) end })
hook "latest" (hook_of { key = function(event) return event.body.key end, keep = "latest",
  run = function(event) sleep(0.5) touch(event) end })
hook "slow" (hook_of { timeout = "1s", run = function() print "begun" sleep(60) end })
hook "loud" (hook_of { run = function()
  print("the secret is", os.getenv "WEBHOOK_SECRET")
  error("this went wrong")
end })
hook "greedy" (hook_of { memory = "64MiB", run = function() local t = {} for i = 1, 1e9 do t[i] = { i } end end })
hook "away" (hook_of { retries = { max = 2, first = "10ms" }, run = function()
  local file <close> = io.open("order.txt", "a")
  file:write "try\n"
  error({ code = "x" })
end })
hook "endless" (hook_of { when = function() while true do end end, run = function() end })
]]

local function order(s)
  local file = io.open(s.directory .. "/order.txt")
  local text = file and file:read "a" or ""
  if file then file:close() end
  return text
end

t.test("runs of one key go one at a time, in the order in which they came", function()
  local s = hooks.start { hooks = QUEUE }
  for n = 1, 5 do s:deliver("all", "push", "d-" .. n, { n = n }) end
  s:await_run(5, "done")
  t.equal(order(s), "1\n2\n3\n4\n5\n")
end)

t.test("where only the latest counts, those that waited are superseded", function()
  local s = hooks.start { hooks = QUEUE }
  for n = 1, 4 do s:deliver("latest", "push", "d-" .. n, { n = n, key = "k" }) end
  s:deliver("latest", "push", "d-5", { n = 5, key = "other" })
  s:await_run(4, "done")
  s:await_run(5, "done")
  local states = {}
  for id = 1, 5 do states[id] = s:store():run(id).state end
  t.equal(states[4], "done")
  t.equal({ states[2], states[3] }, { "superseded", "superseded" })
end)

t.test("a run that takes too long is ended, and says so", function()
  local s = hooks.start { hooks = QUEUE }
  s:deliver("slow", "push", "d-1", {})
  local run = s:await_run(1, "failed")
  t.equal(run.outcome, "took longer than its timeout")
  t.match(s:log_of(1), "begun")
end)

t.test("what a run prints has no secrets, and its error has a place", function()
  local s = hooks.start { hooks = QUEUE }
  s:deliver("loud", "push", "d-1", {})
  local run = s:await_run(1, "failed")
  t.match(run.outcome, "this went wrong")
  t.equal(run.error.where.file, "hooks.lua")
  t.match(s:log_of(1), "the secret is  ***")
end)

local GREEDY = "a run that wants too much memory fails alone"
if process.program():find "/asan/" then
  t.skip(GREEDY, "a sanitizer takes more than any limit would leave")
else
  t.test(GREEDY, function()
    local s = hooks.start { hooks = QUEUE }
    s:deliver("greedy", "push", "d-1", {})
    t.match(s:await_run(1, "failed").outcome, "memory")
    t.equal(s:request("GET", "/healthz").status, 200)
  end)
end

t.test("a mistake is not tried again", function()
  local s = hooks.start { hooks = QUEUE }
  s:deliver("away", "push", "d-1", {})
  t.equal(s:await_run(1, "failed").attempt, 1)
  t.equal(order(s), "try\n")
end)

t.test("a hook's function that never ends costs one answer", function()
  local s = hooks.start { hooks = QUEUE }
  t.equal(s:deliver("endless", "push", "d-1", {}).status, 500)
  t.equal(s:request("GET", "/healthz").status, 200)
end)
