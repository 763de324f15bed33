--- perilune apply: what it looks at once its steps are done.
local json = require "perilune.c.json"
local server = require "tests.support.server"
local t = require "tests.support.spec"

local PLAYBOOK = "playbooks/web-tier.lua"

t.test("says what is not as declared although every step was done, exit 5", function()
  local vc = server.start()
  vc:rules { { method = "PowerOnVM_Task", action = { taskMs = 1500 } } }
  local run = t.background { "build/perilune", "apply", PLAYBOOK, "-y", env = vc.env }
  run:wait_for 'vm "web-01" create'
  vc:govc("host.portgroup.change", "-host", "/DC0/host/DC0_C0/DC0_C0_H1", "-vlan-id", "666", "web")
  local result = run:wait()
  t.equal(result.status, 5, result.stdout .. result.stderr)
  t.match(result.stderr, '~ portgroup "web" on 3 hosts of DC0_C0')
  t.match(result.stderr, "→ 120")
  t.match(result.stderr, "Not settled: all steps were done, but 1 change is left to do, as a new plan shows above.")
  t.is_nil(result.stdout:find("Applied:", 1, true))
end)

t.test("shows outputs as they are after the apply", function()
  local vc = server.start()
  local path = t.tmpdir() .. "/play.lua"
  local file = assert(io.open(path, "w"))
  file:write 'local f = folder "x" { path = "/DC0/vm/x" }\noutput("where", f)\noutput("limit", 5)\n'
  file:close()
  local result = vc:perilune("apply", path, "-y")
  t.equal(result.status, 0, result.stderr)
  t.find(result.stdout, "Applied: 1 added.*\noutput where = folder \"x\"\noutput limit = 5\n$")
end)

--- The most steps that a run had under way at once, by its events.
local function most_at_once(text)
  local running, most = 0, 0
  for line in text:gmatch "[^\n]+" do
    local event = json.decode(line).event
    if event == "start" then running = running + 1 end
    if event == "done" then running = running - 1 end
    most = math.max(most, running)
  end
  return most
end

t.test("takes no more steps at once than -p says, and several without it", function()
  local vc = server.start()
  t.equal(most_at_once(vc:perilune("apply", PLAYBOOK, "-y", "--json", "-p", "1").stdout), 1)
  t.equal(vc:perilune("destroy", PLAYBOOK, "-y").status, 0)
  local most = most_at_once(vc:perilune("apply", PLAYBOOK, "-y", "--json").stdout)
  t.is_true(most >= 3, ("%d at once"):format(most))
end)
