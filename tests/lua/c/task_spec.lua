local t = require "tests.support.spec"
local task = require "perilune.c.task"

t.test("join returns true and results, or false and the error", function()
  local good = task.spawn(function(...) return select("#", ...), ... end, 1, nil)
  t.equal(table.pack(good:join()), { true, 2, 1, nil, n = 4 })
  t.equal(table.pack(good:join()), { true, 2, 1, nil, n = 4 })
  local ok, e = task.spawn(function() error "oh" end):join()
  t.is_false(ok)
  t.equal(e.code, "lua")
  t.match(e.message, "oh")
end)

t.test("join gives up when its time is over, and the task goes on", function()
  local sleeper = task.spawn(task.sleep, 60)
  t.is_nil(sleeper:join(0.001))
  t.equal(sleeper:status(), "waiting")
  sleeper:cancel "enough"
  local ok, e = sleeper:join()
  t.is_false(ok)
  t.equal(e.message, "enough")
  t.equal(sleeper:status(), "done")
end)

t.test("a task cannot wait for itself", function()
  t.raises(function() task.current():join() end)
end)

t.test("park returns when woken, at once if that was before", function()
  local woken
  local parked = task.spawn(function() woken = task.park() end)
  task.sleep(0)
  t.is_nil(woken)
  parked:wake()
  parked:join()
  t.is_true(woken)
  task.current():wake()
  task.current():wake()
  t.is_true(task.park())
  t.is_false(task.park(0.001)) -- one wake was remembered, not two
end)

t.test("a wake does not end another wait than park", function()
  local passed = false
  local sleeper = task.spawn(function()
    task.sleep(60)
    passed = true
  end)
  task.sleep(0)
  sleeper:wake()
  task.sleep(0.001)
  t.is_false(passed)
  sleeper:cancel "enough"
  sleeper:join()
end)

t.test("cancel is taken once at a time, and not by tasks that have ended", function()
  local sleeper = task.spawn(task.sleep, 60)
  t.is_true(sleeper:cancel "first")
  t.is_false(sleeper:cancel "second")
  sleeper:join()
  t.is_false(sleeper:cancel "third")
end)

t.test("the context goes with a task and to the tasks that it spawns", function()
  local seen
  local parent = task.spawn(function()
    task.current():context "mine"
    task.spawn(function() seen = task.current():context() end):join()
  end)
  parent:join()
  t.equal(seen, "mine")
end)

t.test("a coroutine of its own has no task and cannot wait", function()
  local ok, e = coroutine.wrap(function()
    t.is_nil(task.current())
    return pcall(task.sleep, 0)
  end)()
  t.is_false(ok)
  t.equal(e.code, "task.not_yieldable")
end)

t.test("sleep takes seconds, none at least and not for ever", function()
  t.raises(function() task.sleep(-1) end)
  t.raises(function() task.sleep(1e18) end)
  t.raises(function() task.sleep(0 / 0) end)
  t.raises(function() task.sleep "soon" end)
end)

t.test("monotonic time goes on, and wall time is a date of this century", function()
  local before = task.now()
  task.sleep(0.002)
  t.is_true(task.now() - before > 0.001)
  t.is_true(task.wall() > 1.7e9)
end)
