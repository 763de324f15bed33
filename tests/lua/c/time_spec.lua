--- Points in time: both ways between text and value, comparison, arithmetic.
local t = require "tests.support.spec"
local time = require "perilune.c.time"

t.test("reads offsets and fractions as UTC microseconds", function()
  t.equal(tostring(time.parse "2024-02-29T12:00:00+01:30"), "2024-02-29T10:30:00Z")
  t.equal(tostring(time.parse "2024-02-29T12:00:00.5"), "2024-02-29T12:00:00.500000Z")
  t.equal(time.parse("1970-01-01T00:00:00.123456789Z"):microseconds(), 123456)
  t.equal(time.parse("0001-01-01T00:00:00Z"):unix(), -62135596800.0)
end)

t.test("refuses what is no time", function()
  for _, text in ipairs { "", "2024-02-30T00:00:00Z", "2024-01-01", "2024-01-01T00:00:00Zx", "24:00:01Z" } do
    t.raises(function() time.parse(text) end, "soap.type")
  end
end)

t.test("compares by the instant", function()
  local a, b = time.parse "2024-01-01T01:00:00+01:00", time.parse "2024-01-01T00:00:00Z"
  t.is_true(a == b)
  t.is_true(a <= b)
  t.is_true(a < b + 0.000001)
  t.is_true(a ~= time.from_unix(0))
end)

t.test("adds seconds, and subtracts seconds or times", function()
  local noon = time.parse "2024-01-01T12:00:00Z"
  t.equal(tostring(noon + 90), "2024-01-01T12:01:30Z")
  t.equal(tostring(0.25 + noon), "2024-01-01T12:00:00.250000Z")
  t.equal(tostring(noon - 86400), "2023-12-31T12:00:00Z")
  t.equal((noon + 3) - noon, 3.0)
end)

t.test("goes to seconds since 1970 and back", function()
  t.equal(tostring(time.from_unix(951782400)), "2000-02-29T00:00:00Z")
  t.equal(time.from_unix(1.5):unix(), 1.5)
  t.is_true(time.is(time.from_unix(0)))
  t.is_true(not time.is(0))
end)
