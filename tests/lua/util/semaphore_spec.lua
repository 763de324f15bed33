local scope = require "perilune.util.scope"
local semaphore = require "perilune.util.semaphore"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

t.test("no more hold a permit than there are", function()
  local permits, held, most = semaphore.new(2), 0, 0
  scope.parallel(10, { 1, 2, 3, 4, 5, 6 }, function()
    permits:with(function()
      held = held + 1
      most = math.max(most, held)
      task.sleep(0.001)
      held = held - 1
    end)
  end)
  t.equal(most, 2)
end)

t.test("permits are given in the order of asking", function()
  local permits, order = semaphore.new(0), {}
  scope.scope(function()
    for i = 1, 3 do
      scope.spawn(function()
        permits:acquire()
        order[#order + 1] = i
      end)
    end
    task.sleep(0)
    for _ = 1, 3 do permits:release() end
  end)
  t.equal(order, { 1, 2, 3 })
end)

t.test("a task that is cancelled while it waits takes no permit", function()
  local permits = semaphore.new(1)
  permits:acquire()
  t.raises(function() scope.timeout(0.001, permits.acquire, permits) end, "task.timeout")
  permits:release()
  scope.timeout(60, permits.acquire, permits)
end)

t.test("a permit given to a task just cancelled goes on to the next", function()
  local permits, got = semaphore.new(0), false
  scope.scope(function()
    local first = scope.spawn(permits.acquire, permits)
    scope.spawn(function()
      permits:acquire()
      got = true
    end)
    task.sleep(0)
    permits:release()
    first:cancel()
  end)
  t.is_true(got)
end)

t.test("an error gives the permit back", function()
  local permits = semaphore.new(1)
  t.raises(function() permits:with(error, "oh") end)
  permits:acquire()
end)

t.test("with returns what the function returns", function()
  t.equal({ semaphore.new(1):with(function(a) return a, 2 end, 1) }, { 1, 2 })
end)
