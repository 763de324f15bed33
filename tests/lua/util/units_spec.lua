local t = require "tests.support.spec"
local units = require "perilune.util.units"

local GIB = 1 << 30

t.test("reads sizes with every suffix, in any case", function()
  t.equal(units.size "4GiB", 4 * GIB)
  t.equal(units.size "4gb", 4 * GIB)
  t.equal(units.size " 4 G ", 4 * GIB)
  t.equal(units.size "512KiB", 512 * 1024)
  t.equal(units.size "1.5TiB", 1536 * GIB)
  t.equal(units.size "100 b", 100)
  t.equal(math.type(units.size "1.5TiB"), "integer")
end)

t.test("a number counts the field's unit", function()
  t.equal(units.size(2048, "MiB"), 2 * GIB)
  t.equal(units.size(0.5, "GiB"), GIB // 2)
  t.equal(units.size(0, "GiB"), 0)
end)

t.test("refuses a size without a unit", function()
  local bytes, problem, hint = units.size "20"
  t.is_nil(bytes)
  t.equal(problem, '"20" has no unit')
  t.equal(hint, 'write "20GiB" (or KiB, MiB, TiB)')
  t.match(select(2, units.size(20)), "20 has no unit")
end)

t.test("says what is wrong with a size, and how to write it", function()
  local _, problem, hint = units.size "20 gigs"
  t.equal(problem, '"20 gigs" is no size')
  t.equal(hint, 'write "20GiB" (or KiB, MiB, TiB)')
  for _, text in ipairs { "", "GiB", "-4GiB", "4GiB4", "0x10GiB", "1e3GiB", "4 Gi B" } do
    t.is_nil((units.size(text)))
  end
  t.is_nil((units.size(-1, "GiB")))
  t.is_nil((units.size(0 / 0, "GiB")))
  t.is_nil((units.size(true, "GiB")))
end)

t.test("refuses sizes that no integer holds", function()
  t.match(select(2, units.size "8388608TiB"), "too large")
  t.match(select(2, units.size "99999999999999999999KiB"), "too large")
  t.match(select(2, units.size(math.huge, "GiB")), "too large")
  t.match(select(2, units.size(math.maxinteger, "MiB")), "too large")
  t.match(select(2, units.size "0.3KiB"), "no whole number of bytes")
end)

t.test("reads durations", function()
  t.equal(units.duration "30s", 30)
  t.equal(units.duration "15m", 900)
  t.equal(units.duration "2h", 7200)
  t.equal(units.duration "1h 30m", 5400)
  t.equal(units.duration "500ms", 0.5)
  t.equal(units.duration(90), 90)
  t.equal(math.type(units.duration "15m"), "integer")
end)

t.test("refuses what is no duration", function()
  for _, value in ipairs { "", "15", "m", "soon", "-5m", "5 weeks", -1, 0 / 0, math.huge } do
    t.is_nil((units.duration(value)))
  end
  local _, problem, hint = units.duration "5 weeks"
  t.equal(problem, '"5 weeks" is no duration')
  t.match(hint, '"15m"')
end)

t.test("shows a size exactly in the largest unit that can", function()
  t.equal(units.format_size(4 * GIB), "4 GiB")
  t.equal(units.format_size(1536 * GIB), "1.5 TiB")
  t.equal(units.format_size(1536 << 20), "1.5 GiB")
  t.equal(units.format_size(1000 << 20), "1000 MiB")
  t.equal(units.format_size(100 * GIB), "100 GiB")
  t.equal(units.format_size(GIB + 1), "1073741825 B")
  t.equal(units.format_size(0), "0 B")
end)

t.test("rounds a size that was only measured", function()
  t.equal(units.about_size(GIB + 1), "1 GiB")
  t.equal(units.about_size(117 * GIB + GIB // 3), "117.3 GiB")
  t.equal(units.about_size(12), "12 B")
end)

t.test("what is shown can be read again", function()
  for _, bytes in ipairs { 1, 1024, 1536, 5 << 20, 1280 << 20, 60 * GIB, 3 << 40, 7 << 50 } do
    t.equal(units.size(units.format_size(bytes)), bytes)
  end
end)

t.test("shows a duration as a person would say it", function()
  t.equal(units.format_duration(0.4), "0.4 s")
  t.equal(units.format_duration(3), "3 s")
  t.equal(units.format_duration(48.2), "48 s")
  t.equal(units.format_duration(59.8), "1 min")
  t.equal(units.format_duration(125), "2 min 5 s")
  t.equal(units.format_duration(5400), "1 h 30 min")
  t.equal(units.format_duration(3 * 86400), "3 d")
end)
