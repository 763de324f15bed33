--- Whatever way out a command takes, it leaves no session behind: not of SOAP, as govc sees, and not of REST.
--- Ctrl-C at every moment is in interrupt_spec.lua.
local server = require "tests.support.server"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

local SLOW = { delayMs = 400 }
local END_REST = "DELETE /rest/com/vmware/cis/session"
local BEGIN_REST = "POST /rest/com/vmware/cis/session"

local SCRIPT = [[
local tags = require "perilune.vim.tags"
local vc = vcenter()
tags.categories(vc)
%s
]]

local PLAYBOOK = [[
tag_category "tier" { cardinality = "single", types = { "vm" }, tags = { "web" } }
folder "apps" { path = "/DC0/vm/apps" }
]]

local function write(name, content)
  local path = t.tmpdir() .. "/" .. name
  local file = assert(io.open(path, "w"))
  file:write(content)
  file:close()
  return path
end

--- No session of the program is left, and as many of REST were ended as begun.
local function expect_none(lab)
  local rest = lab:requests().rest
  t.equal(lab:sessions(), 0)
  t.equal(rest[END_REST], rest[BEGIN_REST])
  return rest[BEGIN_REST]
end

local function script(ending)
  return { "run", write("script.lua", SCRIPT:format(ending)) }
end

--- Runs a command until the server is at work on a call, then sends it a signal.
local function signal_in(call, signal, words, status)
  local lab = server.start {}
  lab:rules { { method = call, times = 1, action = SLOW } }
  local command = { "build/perilune", env = lab.env, table.unpack(words) }
  local running = t.background(command)
  while true do
    local seen = lab:requests()
    if running:text "ended" ~= "" then error(running:wait().stderr) end
    if seen.soap[call] or seen.rest[call] then break end
    task.sleep(0.01)
  end
  running:signal(signal)
  local outcome = running:wait()
  t.equal(outcome.status, status or 130, outcome.stderr)
  expect_none(lab)
end

t.test("the end of a script, and an error in it", function()
  for ending, status in pairs { [""] = 0, ['error "on purpose"'] = 1, ["os.exit(7)"] = 7 } do
    local lab = server.start {}
    local result = lab:perilune(table.unpack(script(ending)))
    t.equal(result.status, status, result.stderr)
    t.equal(expect_none(lab), 1)
  end
end)

t.test("a plan, an apply, and a plan that fails", function()
  local lab = server.start {}
  local path = write("playbook.lua", PLAYBOOK)
  t.equal(lab:perilune("plan", path).status, 2)
  t.equal(lab:perilune("apply", "-y", path).status, 0)
  lab:rules { { method = "RetrievePropertiesEx", action = { fault = "NoPermission" } } }
  t.equal(lab:perilune("plan", path).status, 1)
  lab:rules {}
  expect_none(lab)
end)

for _, signal in ipairs { "TERM", "HUP" } do
  t.test("SIG" .. signal .. " to a script that logs in, reads, or logs out", function()
    for _, call in ipairs { "Login", BEGIN_REST, "Logout" } do
      signal_in(call, signal, script "vc:current_time()")
    end
  end)

  t.test("SIG" .. signal .. " to a plan that reads", function()
    signal_in("RetrievePropertiesEx", signal, { "plan", write("playbook.lua", PLAYBOOK) })
  end)

  t.test("SIG" .. signal .. " to an apply in its last step, which it ends", function()
    signal_in("CreateFolder", signal, { "apply", "-y", write("playbook.lua", PLAYBOOK) }, 0)
  end)
end
