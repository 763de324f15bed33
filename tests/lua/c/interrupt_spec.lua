local t = require "tests.support.spec"
local task = require "perilune.c.task"

local function start(case)
  local program = t.background { "build/perilune", "run", "tests/support/guarded.lua", case }
  program:wait_for "ready"
  task.sleep(0.05)
  return program
end

--- What a case says after a signal; nil if it goes on.
local function interrupted(case)
  local program = start(case)
  program:signal "INT"
  return program:wait()
end

for _, case in ipairs {
  "loop", "wait", "swallowing_loop", "deep_swallowing", "swallowing_handler", "where_nothing_waits", "coroutine",
  "swallowing_coroutine", "earlier_coroutine", "other_task",
} do
  t.test("one signal ends " .. case:gsub("_", " ") .. ", and the program goes on", function()
    local outcome = interrupted(case)
    t.equal(outcome.stdout, "ready\nraised shell.interrupted\nreturned again\n")
    t.equal(outcome.status, 0)
  end)
end

t.test("a second signal ends what swallows the error and waits again", function()
  local program = start "swallowing_waits"
  program:signal "INT"
  task.sleep(0.1)
  program:signal "INT"
  t.equal(program:wait().stdout, "ready\nraised shell.interrupted\nreturned again\n")
end)

t.test("what is left cleans up, and may wait for it", function()
  t.equal(interrupted "cleaning_up".stdout, "ready\ncleaned up 5000050000\nraised shell.interrupted\nreturned again\n")
end)

t.test("who swallows the error once may go on", function()
  t.equal(interrupted "swallowed_once".stdout, "ready\nreturned went on\nreturned again\n")
end)

t.test("without a signal, values and errors pass", function()
  local outcome = t.command { "build/perilune", "run", "tests/support/guarded.lua", "no_signal" }
  t.equal(outcome.stdout, "ready\nreturned values a b\nreturned again\n")
  outcome = t.command { "build/perilune", "run", "tests/support/guarded.lua", "error" }
  t.equal(outcome.stdout, "ready\nraised argument\nreturned again\n")
end)

t.test("signals that are taken are counted, also without anything to end", function()
  local program = start "held"
  for i = 1, 3 do
    program:signal "INT"
    if i == 1 then program:wait_for "counted 1" end
    task.sleep(0.02)
  end
  local outcome = program:wait()
  t.equal(outcome.stdout, "ready\ncounted 1\nstill here\n")
  t.equal(outcome.status, 0)
end)
