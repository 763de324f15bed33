--- What can go wrong on the way: faults, lost answers and Ctrl-C in the middle of an apply.
local server = require "tests.support.server"
local t = require "tests.support.spec"

local PLAYBOOK = "playbooks/web-tier.lua"

local function apply(vc)
  return vc:perilune("apply", PLAYBOOK, "-y")
end

t.test("a fault in the middle says what was done, that nothing was undone, and why; exit 5", function()
  local vc = server.start()
  vc:rules { { method = "CreateVM_Task", match = "web-02", action = { fault = "InsufficientStorageSpace" } } }
  local result = apply(vc)
  t.equal(result.status, 5, result.stdout .. result.stderr)
  local text = result.stdout .. result.stderr
  t.match(text, 'vm "web-02" create')
  t.match(text, "InsufficientStorageSpace")
  t.match(text, "web-tier.lua:")
  t.match(text, "Nothing was undone")
  t.equal(vc:sessions(), 0)
end)

t.test("a task that fails on the server is told with its fault", function()
  local vc = server.start()
  local action = { taskFault = "InsufficientMemoryResourcesFault" }
  vc:rules { { method = "PowerOnVM_Task", times = 1, action = action } }
  local result = apply(vc)
  t.equal(result.status, 5, result.stdout .. result.stderr)
  t.find(result.stdout .. result.stderr, '✗ vm "web%-0%d" power on')
  t.match(result.stdout .. result.stderr, "InsufficientMemoryResources")
end)

t.test("after the trouble is gone, another apply finishes what was left", function()
  local vc = server.start()
  local action = { fault = "InsufficientStorageSpace" }
  vc:rules { { method = "CreateVM_Task", match = "web-02", times = 1, action = action } }
  t.equal(apply(vc).status, 5)
  local result = apply(vc)
  t.equal(result.status, 0, result.stdout .. result.stderr)
  t.match(vc:govc("ls", "/DC0/vm/web"), "web-03")
end)

t.test("an answer cut off in the middle of a read is read again, and the plan is whole", function()
  local vc = server.start()
  vc:rules { { method = "RetrievePropertiesEx", times = 1, action = { cut = "middle" } } }
  local result = vc:perilune("plan", PLAYBOOK)
  t.equal(result.status, 2, result.stdout .. result.stderr)
end)

t.test("a read that is cut off every time is an error, exit 4", function()
  local vc = server.start()
  vc:rules { { method = "RetrievePropertiesEx", action = { cut = "middle" } } }
  local result = vc:perilune("plan", PLAYBOOK)
  t.equal(result.status, 4, result.stdout .. result.stderr)
  t.match(result.stderr, "cut off")
  vc:rules {}
  t.equal(vc:sessions(), 0)
end)

t.test("a create whose answer is lost is sent once, and its outcome is told as unknown", function()
  local vc = server.start()
  vc:rules { { method = "CreateVM_Task", match = "web-01", times = 1, action = { cut = "after" } } }
  local result = apply(vc)
  t.equal(result.status, 5, result.stdout .. result.stderr)
  t.match(result.stdout .. result.stderr, "outcome")
  local found = vc:govc("find", "/DC0/vm/web", "-type", "m", "-name", "web-01")
  t.equal(found, "/DC0/vm/web/web-01")
  t.equal(vc:sessions(), 0)
end)

local function interrupted_after(event, signal)
  local vc = server.start()
  vc:rules { { method = "CreateVM_Task", action = { taskMs = 400 } } }
  local run = t.background { "build/perilune", "apply", PLAYBOOK, "-y", env = vc.env }
  run:wait_for(event)
  run:signal(signal)
  return run:wait(), vc
end

for _, signal in ipairs { "INT", "TERM", "HUP" } do
  t.test(signal .. " in the middle of an apply says what was done and what was not, and logs out", function()
    local result, vc = interrupted_after("portgroup", signal)
    t.equal(result.status, 130, result.stdout .. result.stderr)
    t.match(result.stdout .. result.stderr, "Interrupted")
    t.equal(vc:sessions(), 0)
  end)
end

t.test("a write finished within the patience of an interrupt is done, not unknown", function()
  local result, vc = interrupted_after("portgroup", "INT")
  local names = vc:govc("ls", "/DC0/vm/web")
  for name in names:gmatch "web%-%d+" do
    t.match(result.stdout .. result.stderr, name)
  end
end)
