local err = require "perilune.err"
local scope = require "perilune.util.scope"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

t.test("parallel returns results in the order of the list", function()
  local results = scope.parallel(3, { 3, 1, 2 }, function(n)
    task.sleep(n / 1000)
    return n * 10
  end)
  t.equal(results, { 30, 10, 20 })
end)
