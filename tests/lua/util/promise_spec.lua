local err = require "perilune.err"
local promise = require "perilune.util.promise"
local scope = require "perilune.util.scope"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

t.test("all who wait get the values, and so does who comes later", function()
  local answer = promise.new()
  t.is_false(answer:is_settled())
  local results = scope.parallel(5, { 1, 2, 3 }, function(i)
    if i == 3 then t.is_true(answer:resolve(42, nil)) end
    return (select("#", answer:await()))
  end)
  t.equal(results, { 2, 2, 2 })
  t.equal(answer:await(), 42)
  t.is_true(answer:is_settled())
end)

t.test("a promise is settled once", function()
  local answer = promise.new()
  t.is_true(answer:resolve(1))
  t.is_false(answer:resolve(2))
  t.is_false(answer:reject "late")
  t.equal(answer:await(), 1)
end)

t.test("a rejection raises the same error in every task", function()
  local answer, e = promise.new(), err.new { code = "io", message = "no" }
  local seen = {}
  scope.scope(function()
    for i = 1, 2 do
      scope.spawn(function()
        local _, raised = pcall(answer.await, answer)
        seen[i] = raised == e
      end)
    end
    task.sleep(0)
    answer:reject(e)
  end)
  t.equal(seen, { true, true })
end)

t.test("who is cancelled while waiting leaves the others alone", function()
  local answer = promise.new()
  scope.scope(function()
    local patient = scope.spawn(answer.await, answer)
    t.raises(function() scope.timeout(0.001, answer.await, answer) end, "task.timeout")
    answer:resolve "there"
    t.equal(patient:join(), "there")
  end)
end)

t.test("single flight: one call serves all who ask meanwhile", function()
  local calls = 0
  local ask = promise.single(function()
    calls = calls + 1
    task.sleep(0.001)
    return calls
  end)
  t.equal(scope.all { ask, ask, ask }, { 1, 1, 1 })
  t.equal(ask(), 2)
end)

t.test("single flight: an error is everybody's, and the next call tries anew", function()
  local calls = 0
  local ask = promise.single(function()
    calls = calls + 1
    task.sleep(0)
    if calls == 1 then err.raise { code = "io", message = "first" } end
    return "second"
  end)
  local codes = scope.parallel(2, { 1, 2 }, function()
    local _, e = pcall(ask)
    return e.code
  end)
  t.equal(codes, { "io", "io" })
  t.equal(ask(), "second")
end)

t.test("single flight: when the task that runs it is cancelled, one that waits takes over", function()
  local calls = 0
  local ask = promise.single(function()
    calls = calls + 1
    if calls == 1 then task.sleep(60) end
    return calls
  end)
  scope.scope(function()
    local first = scope.spawn(ask)
    task.sleep(0)
    local second = scope.spawn(ask)
    task.sleep(0)
    first:cancel()
    t.equal(second:join(), 2)
  end)
end)
