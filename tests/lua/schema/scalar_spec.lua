local t = require "tests.support.spec"
local schema = require "perilune.schema"

local function check(type, value)
  local mistakes = {}
  local result = type:check(value, "field", function(mistake) mistakes[#mistakes + 1] = mistake end)
  return result, mistakes[1], #mistakes
end

local function wrong(type, value, message)
  local result, mistake, count = check(type, value)
  t.is_nil(result)
  t.equal(count, 1)
  t.equal(mistake.path, "field")
  t.match(mistake.message, message)
  return mistake
end

t.test("takes values of the type and says what it expected otherwise", function()
  t.equal(check(schema.string(), "x"), "x")
  t.equal(check(schema.boolean(), false), false)
  t.equal(check(schema.number(), 1.5), 1.5)
  wrong(schema.string(), 5, "expected a string, got 5")
  wrong(schema.string(), {}, "expected a string, got a table")
  wrong(schema.boolean(), "yes", 'expected true or false, got "yes"')
  wrong(schema.number(), "1", 'expected a number, got "1"')
end)

t.test("whole numbers are integers, whatever they were written as", function()
  local result = check(schema.integer(), 4.0)
  t.equal(math.type(result), "integer")
  wrong(schema.integer(), 1.5, "expected a whole number, got 1.5")
  wrong(schema.integer(), "4", 'expected a whole number, got "4"')
end)

t.test("refuses numbers out of range, naming the bound", function()
  t.equal(check(schema.integer(0, 4095), 4095), 4095)
  wrong(schema.integer(0, 4095), 5000, "5000 is more than 4095")
  wrong(schema.integer(0, 4095), -1, "-1 is less than 0")
  wrong(schema.number(0, 1), 0 / 0, "nan")
end)

t.test("sizes become bytes, durations seconds", function()
  t.equal(check(schema.size "MiB", "4GiB"), 4 << 30)
  t.equal(check(schema.size "MiB", 512), 512 << 20)
  t.equal(check(schema.duration(), "15m"), 900)
  local mistake = wrong(schema.size "GiB", "20 gigs", '"20 gigs" is no size')
  t.equal(mistake.hint, 'write "20GiB" (or KiB, MiB, TiB)')
  wrong(schema.size "GiB", true, "expected a size, got true")
  wrong(schema.duration(), {}, "expected a duration, got a table")
end)

t.test("a default size may be written as text", function()
  t.equal(schema.size("MiB"):default("1GiB").default_value, 1 << 30)
  t.equal(schema.size("MiB"):default(1 << 30).default_value, 1 << 30)
end)

t.test("an enumeration offers the nearest member", function()
  local power = schema.enum { "on", "off", "suspended" }
  t.equal(check(power, "on"), "on")
  local mistake = wrong(power, "suspnded", '"suspnded" is not one of "on", "off", "suspended"')
  t.equal(mistake.hint, 'did you mean "suspended"?')
  wrong(power, true, 'expected one of "on"')
end)

t.test("extra rules continue the sentence about the value", function()
  local even = schema.integer():check(function(value)
    if value % 2 == 1 then return "must be even" end
  end)
  t.equal(check(even, 4), 4)
  wrong(even, 5, "5 must be even")
  wrong(even, "x", "expected a whole number")
end)

t.test("properties can be chained and read", function()
  local type = schema.size("MiB"):required():doc("memory"):create_only():example "4GiB"
  t.is_true(type.is_required)
  t.is_true(type.is_create_only)
  t.equal(type.doc_text, "memory")
  t.equal(type.kind, "size")
  t.equal(type.unit, "MiB")
  t.equal(type:describe(), 'size "4GiB"')
  t.equal(schema.integer(0, 4095):describe(), "integer 0–4095")
  t.equal(schema.integer(1):describe(), "integer, at least 1")
  t.equal(schema.enum({ "a", "b" }):describe(), "a | b")
end)
