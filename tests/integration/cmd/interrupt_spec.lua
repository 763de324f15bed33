--- Ctrl-C at any moment of an apply: whatever request it meets, no session is left and the end is told.
local server = require "tests.support.server"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

--- Every kind of request that an apply of the web tier sends, in their order. What was begun is finished: when the
--- interruption is late, that may have been all.
local MOMENTS = {
  { soap = "RetrieveServiceContent" },
  { soap = "Login" },
  { soap = "RetrievePropertiesEx" },
  { rest = "POST /rest/com/vmware/cis/session" },
  { rest = "GET /rest/com/vmware/cis/tagging/category" },
  { rest = "POST /rest/com/vmware/cis/tagging/category" },
  { soap = "CreateFolder" },
  { soap = "AddPortGroup" },
  { soap = "CreatePropertyCollector" },
  { soap = "CreateVM_Task" },
  { soap = "ModifyListView" },
  { soap = "WaitForUpdatesEx" },
  { rest = "POST /rest/com/vmware/cis/tagging/tag-association?~action=attach-multiple-tags-to-object", is_late = true },
  { soap = "PowerOnVM_Task", is_late = true },
  { soap = "Logout", is_late = true },
}

local function has_been_sent(vc, moment)
  local seen = vc:requests()
  return moment.soap and seen.soap[moment.soap] or moment.rest and seen.rest[moment.rest]
end

local function interrupt_at(vc, moment)
  local run = t.background { "build/perilune", "apply", "playbooks/web-tier.lua", "-y", env = vc.env }
  while not has_been_sent(vc, moment) do
    if run:text "ended" ~= "" then t.fail("the apply ended before %s:\n%s", t.dump(moment), run:text "stderr") end
    task.sleep(0.02)
  end
  run:signal "INT"
  return run:wait()
end

for _, moment in ipairs(MOMENTS) do
  local name = moment.soap or moment.rest
  t.test("interrupted at " .. name, function()
    local vc = server.start()
    vc:rules { { method = name, times = 1, action = { delayMs = 700 } } }
    local result = interrupt_at(vc, moment)
    local text = result.stdout .. result.stderr
    if moment.is_late and result.status == 0 then
      t.match(text, "Applied: 6 added")
    else
      t.equal(result.status, 130, text)
      t.match(text, "nterrupted")
    end
    t.equal(vc:sessions(), 0)
  end)
end

t.test("while a run is under way, its session is seen: the count above can fail", function()
  local vc = server.start()
  vc:rules { { method = "CreateVM_Task", times = 1, action = { delayMs = 1500 } } }
  local run = t.background { "build/perilune", "apply", "playbooks/web-tier.lua", "-y", env = vc.env }
  while not has_been_sent(vc, { soap = "CreateVM_Task" }) do
    task.sleep(0.02)
  end
  t.equal(vc:sessions(), 1)
  t.equal(run:wait().status, 0)
end)
