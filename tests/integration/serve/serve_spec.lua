local hooks = require "tests.support.hooks"
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
