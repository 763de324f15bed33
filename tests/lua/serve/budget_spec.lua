local budget = require "perilune.serve.budget"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

t.test("a function's result is handed on", function()
  t.equal(budget.call("when", function(a, b) return a + b end, 2, 3), 5)
end)

t.test("a function that never ends is ended", function()
  local e = t.raises(function() budget.call("when of hook", function() while true do end end) end, "limit")
  t.match(e.message, "when of hook took more than")
end)

t.test("no pcall and no coroutine holds it back", function()
  t.raises(function()
    budget.call("when", function()
      while true do pcall(function() while true do end end) end
    end)
  end, "limit")
end)

t.test("an error says whose it is and where", function()
  local e = t.raises(function() budget.call("key of hook", function(x) return x.y.z end, {}) end, "serve.hook")
  t.match(e.message, "key of hook")
  t.match(e.where.file, "budget_spec.lua")
end)

t.test("it cannot wait", function()
  t.raises(function() budget.call("vars", function() task.sleep(1) end) end)
end)
