--- How an apply went, in words.
local err = require "perilune.err"
local fixture = require "tests.lua.plan.fixture"
local report = require "perilune.plan.report"
local style = require "perilune.util.style"
local t = require "tests.support.spec"

local function options(plan, more)
  local made = { plan = plan, run = "2026-11-23.x", seconds = 48, style = style.new(false) }
  for key, value in pairs(more or {}) do made[key] = value end
  return made
end

t.test("sums up an apply and a destroy", function()
  local plan = fixture.mixed()
  t.equal(report.applied(options(plan)), "Applied: 1 added, 1 changed, 1 destroyed in 48 s.  run 2026-11-23.x\n")
  t.equal(report.applied(options(plan, { destroy = true })), "Destroyed: 1 resource in 48 s.  run 2026-11-23.x\n")
end)

t.test("tells a failure with its place, the server's words and what to do", function()
  local plan = fixture.mixed()
  local problem = err.new {
    code = "vim.fault", message = "CreateVM_Task failed", fault = { _typeName = "InsufficientStorageSpace" },
    server = "There is not enough space.", path = "spec.files", hint = "free space", where = false,
  }
  t.equal(report.failure(plan, plan.steps[1], problem, { style = style.new(false), width = 60 }), [[
✗ vm "web-02" create                        web-tier.lua:28
  CreateVM_Task failed
    InsufficientStorageSpace: "There is not enough space."
      spec.files
    What to do: free space
]])
end)

t.test("passes no control character of a fault to the terminal", function()
  local plan = fixture.mixed()
  local problem = err.new { code = "vim.fault", message = "failed", server = "a\27[2Jb", where = false }
  local told = report.failure(plan, plan.steps[1], problem, { style = style.new(false), width = 60 })
  t.match(told, "a\\x1b[2Jb")
end)

t.test("says what was done, what was not, and that nothing was undone", function()
  local plan = fixture.mixed()
  local failed = { { step = plan.steps[3], error = err.new { code = "vim.fault", message = "x" } } }
  local result = { done = { 1 }, failed = failed, unknown = {}, skipped = { 2 }, interrupted = false }
  t.equal(report.stopped(result, options(plan)), [[

Failed after 48 s: 1 step failed, 1 done, 1 not begun. Nothing was undone.
  done      vm "web-02" create
  not done  vm "web-02" power on
What to do: remove the cause, then run the same command again; it does only what is missing.
]])
end)

t.test("says of an interruption what may still be under way", function()
  local plan = fixture.mixed()
  local unknown = { { step = plan.steps[1], error = err.new { code = "task.interrupted", message = "x" } } }
  local result = { done = {}, failed = {}, unknown = unknown, skipped = { 2, 3 }, interrupted = true }
  local told = report.stopped(result, options(plan))
  t.match(told, "Interrupted after 48 s: 1 step of unknown outcome, 2 not begun. Nothing was undone.")
  t.match(told, '  unknown   vm "web-02" create\n')
  t.match(told, "plan again in a moment")
end)

t.test("lists many steps only with -v", function()
  local plan = fixture.mixed()
  local result = { done = {}, failed = {}, unknown = {}, skipped = {}, interrupted = true }
  for i = 1, 40 do
    plan.steps[i] = { id = i, change = 1, title = "step " .. i }
    result.done[i] = i
  end
  t.match(report.stopped(result, options(plan)), "… and 29 more (-v lists them)")
  t.match(report.stopped(result, options(plan, { verbose = true })), "step 40")
end)

t.test("tells what a playbook needs a server for", function()
  local declaration = {
    path = "web.lua", resources = { 1, 2 }, lookups = { 1 }, needs_server = { { file = "web.lua", line = 7 } },
    stopped = { file = "web.lua", line = 7 },
  }
  t.equal(report.valid(declaration), [[
web.lua is valid: 2 resources, 1 lookup.
web.lua:7: needs a server
web.lua:7: what comes after this line was not checked
]])
end)

t.test("shows outputs in their order, and which are known only after apply", function()
  t.equal(report.values { { name = "hosts", value = { "a", "b" } }, { name = "address" }, { name = "n", value = 5 } },
    "output hosts = { a, b }\noutput address = (known after apply)\noutput n = 5\n")
  t.equal(report.values {}, "")
end)
