--- Coroutines of a program's own in which its task waits.
local coroutines = require "perilune.c.coroutine"
local scope = require "perilune.util.scope"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

t.test("resumes as Lua does: arguments in, what is yielded or returned out", function()
  local co = coroutine.create(function(a, b)
    local c = coroutine.yield(a + b)
    return c, "end"
  end)
  t.equal({ coroutines.resume(co, 1, 2) }, { true, 3 })
  t.equal({ coroutines.resume(co, "c") }, { true, "c", "end" })
  t.equal({ coroutines.resume(co) }, { false, "cannot resume dead coroutine" })
end)

t.test("gives an error as it was raised", function()
  local e = { "mine" }
  local ok, got = coroutines.resume(coroutine.create(function() error(e) end))
  t.is_false(ok)
  t.is_true(rawequal(got, e))
end)

t.test("waits in the middle of a coroutine, however deep, while other tasks run", function()
  local order = {}
  local function inner()
    local co = coroutine.create(function()
      task.sleep(0.02)
      order[#order + 1] = "inner"
      return "value"
    end)
    return select(2, coroutines.resume(co))
  end
  scope.scope(function()
    scope.spawn(function() order[#order + 1] = "other" end)
    local co = coroutine.create(function() coroutine.yield(inner()) end)
    t.equal({ coroutines.resume(co) }, { true, "value" })
  end)
  t.equal(order, { "other", "inner" })
end)

t.test("raises a cancellation in the coroutine that waits", function()
  local closed = false
  local child = task.spawn(function()
    return coroutines.resume(coroutine.create(function()
      local _ <close> = setmetatable({}, { __close = function() closed = true end })
      task.sleep(60)
    end))
  end)
  task.sleep(0)
  child:cancel "enough"
  local ok, resumed, e = child:join()
  t.equal({ ok, resumed, e }, { true, false, "enough" })
  t.is_false(closed) -- its handlers run when it is closed, as with any coroutine that failed
end)

t.test("refuses a coroutine that waits for another task", function()
  local co = coroutine.create(function() task.sleep(0.05) return "late" end)
  local child = task.spawn(function() return coroutines.resume(co) end)
  task.sleep(0.01)
  t.is_true(coroutines.is_busy(co))
  t.equal({ coroutines.resume(co) }, { false, "cannot resume non-suspended coroutine" })
  t.equal({ child:join() }, { true, true, "late" })
  t.is_false(coroutines.is_busy(co))
end)

t.test("says that it cannot wait where whoever resumed it cannot", function()
  local e
  table.sort({ 2, 1 }, function(a, b)
    local _, raised = coroutines.resume(coroutine.create(function() task.sleep(0) end))
    e = raised
    return a < b
  end)
  t.equal(e.code, "task.not_yieldable")
end)
