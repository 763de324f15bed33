local step = require "perilune.kind.step"
local t = require "tests.support.spec"

t.test("puts objects in the place of symbols, at any depth, without touching the original", function()
  local args = { spec = { folder = step.symbol "f", list = { step.symbol "v" } }, n = 1 }
  local made = step.substitute(args, { f = "folder object", v = "vm object" })
  t.equal(made, { spec = { folder = "folder object", list = { "vm object" } }, n = 1 })
  t.is_true(step.is_symbol(args.spec.folder))
end)

t.test("fails loudly when no step made the object", function()
  t.raises(function() step.substitute({ step.symbol "gone" }, {}) end)
end)

t.test("each step of a change comes after the one before, those beside only after the first", function()
  local list = {}
  local steps = step.builder(list, 3)
  steps:add { title = "create", calls = {} }
  steps:add { title = "tags", calls = {}, beside = true }
  steps:add { title = "power on", calls = {}, beside = true }
  steps:add { title = "last", calls = {} }
  t.equal(list[1].after, {})
  t.equal(list[2].after, { 1 })
  t.equal(list[3].after, { 1 })
  t.equal(list[4].after, { 3 })
  t.equal(list[4].change, 3)
end)
