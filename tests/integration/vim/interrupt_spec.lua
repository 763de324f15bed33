--- Ctrl-C at every moment of a connection's life leaves no session behind.
local server = require "tests.support.server"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

local SCRIPT = [[
local tags = require "perilune.vim.tags"
local vc = vcenter()
local vm = vc:find_one { type = "VirtualMachine", name = "DC0_H0_VM0" }
tags.categories(vc)
vm:PowerOffVM_Task():await()
]]

local function sessions(lab)
  local count = 0
  for _, one in ipairs(lab:govc_json("session.ls").sessionList) do
    if not one.userAgent:find "govc" then count = count + 1 end
  end
  return count
end

--- Interrupts the script while the server works on a call.
local function interrupt_in(name, rest, action)
  local lab = server.start {}
  lab:rules { { method = name, times = 1, action = action } }
  local path = t.tmpdir() .. "/script.lua"
  local file = assert(io.open(path, "w"))
  file:write(SCRIPT)
  file:close()
  local running = t.background { "build/perilune", "run", path, env = lab.env }
  while not (lab:requests()[rest and "rest" or "soap"][name]) do task.sleep(0.01) end
  running:signal "INT"
  local outcome = running:wait()
  t.equal(outcome.status, 130, outcome.stderr)
  t.equal(sessions(lab), 0)
  return lab
end

local SLOW = { delayMs = 500 }

for _, name in ipairs {
  "RetrieveServiceContent", "Login", "RetrievePropertiesEx", "PowerOffVM_Task", "CreateFilter",
} do
  t.test("Ctrl-C while " .. name .. " is under way", function() interrupt_in(name, false, SLOW) end)
end

t.test("Ctrl-C while a task is waited for", function()
  local lab = interrupt_in("WaitForUpdatesEx", false, SLOW)
  t.equal(lab:requests().soap.DestroyPropertyCollector, 1)
end)

t.test("Ctrl-C in the middle of the logout lets it end", function()
  interrupt_in("Logout", false, SLOW)
end)

t.test("Ctrl-C while REST logs in, and both sessions are ended", function()
  local lab = interrupt_in("POST /rest/com/vmware/cis/session", true, SLOW)
  t.equal(lab:requests().rest["DELETE /rest/com/vmware/cis/session"], 1)
end)
