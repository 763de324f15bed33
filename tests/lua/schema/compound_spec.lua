local t = require "tests.support.spec"
local schema = require "perilune.schema"

local disk = schema.record { size = schema.size("GiB"):required(), thin = schema.boolean():default(true) }
local vm = schema.record {
  memory = schema.size("MiB"):required():doc "how much",
  disks = schema.list(disk):default {},
  extra = schema.map(schema.string()),
}

local function check(type, value, context)
  local mistakes = {}
  local result = type:check(value, "", function(m) mistakes[#mistakes + 1] = m end, context)
  return result, mistakes
end

t.test("gives a fresh table with defaults filled in", function()
  local written = { memory = "1GiB", disks = { { size = "2GiB" } }, extra = { a = "b" } }
  local result, mistakes = check(vm, written)
  t.equal(mistakes, {})
  t.equal(result, { memory = 1 << 30, disks = { { size = 2 << 30, thin = true } }, extra = { a = "b" } })
  t.is_true(result.disks ~= written.disks and result.extra ~= written.extra)
  t.equal(written.disks[1], { size = "2GiB" })
end)

t.test("default tables are not shared between results", function()
  local one, other = check(vm, { memory = "1GiB" }), check(vm, { memory = "1GiB" })
  t.equal(one.disks, {})
  t.is_true(one.disks ~= other.disks)
end)

t.test("reports every mistake, with its path", function()
  local disks = { { size = "2GiB" }, { size = "x", thn = 1 } }
  local _, mistakes = check(vm, { memry = "1GiB", disks = disks, extra = { a = 1 } })
  local paths = {}
  for _, mistake in ipairs(mistakes) do
    paths[mistake.path] = mistake
  end
  t.equal(paths.memry.message, 'unknown field "memry"')
  t.equal(paths.memry.hint, 'did you mean "memory"?')
  t.equal(paths.memry.at, "key")
  t.equal(paths.memory.message, 'field "memory" is required')
  t.equal(paths.memory.at, "parent")
  t.match(paths["disks[2].size"].message, '"x" is no size')
  t.match(paths["disks[2].thn"].hint, "thin")
  t.match(paths["extra.a"].message, "expected a string, got 1")
  t.equal(#mistakes, 5)
end)

t.test("an absent resource needs no fields", function()
  local _, mistakes = check(vm, {}, { partial = true })
  t.equal(mistakes, {})
  _, mistakes = check(vm, { disks = { {} } }, { partial = true })
  t.equal(#mistakes, 1)
end)

t.test("a list has no named fields and no gaps", function()
  local _, mistakes = check(vm, { memory = "1GiB", disks = { size = "2GiB" } })
  t.equal(mistakes[1].path, "disks.size")
  t.match(mistakes[1].message, 'disks is a list; it has no field "size"')
  _, mistakes = check(vm, { memory = "1GiB", disks = { [2] = { size = "2GiB" } } })
  t.equal(mistakes[1].path, "disks[1]")
  t.match(mistakes[1].message, "gap")
end)

t.test("tables are told from texts and numbers", function()
  local _, mistakes = check(vm, { memory = "1GiB", disks = "2GiB", extra = 5 })
  t.equal(#mistakes, 2)
  t.match(mistakes[1].message, 'expected a list, got "2GiB"')
  t.match(mistakes[2].message, "expected a table, got 5")
  _, mistakes = check(vm, { "1GiB", memory = "1GiB", extra = { "x" } })
  t.equal(#mistakes, 2)
end)

t.test("a rule of a record sees the checked record", function()
  local pair = schema.record { a = schema.size "MiB", b = schema.size "MiB" }:check(function(value)
    if value.a == value.b then return "needs two sizes that differ" end
  end)
  local _, mistakes = check(pair, { a = "1GiB", b = 1024 })
  t.equal(mistakes[1].message, "needs two sizes that differ")
  _, mistakes = check(pair, { a = "1 gig" })
  t.equal(#mistakes, 1)
  t.match(mistakes[1].message, "is no size")
end)

t.test("any value is copied, and a cycle refused", function()
  local written = { 1, { a = true } }
  local result = check(schema.any(), written)
  t.equal(result, written)
  t.is_true(result[2] ~= written[2])
  written[2].a = written
  local none, mistakes = check(schema.any(), written)
  t.is_nil(none)
  t.match(mistakes[1].message, "inside one another")
end)
