local lines = require "perilune.util.lines"
local t = require "tests.support.spec"

t.test("lines come whole, however the bytes were cut", function()
  local reader = lines.new(100)
  t.equal(reader:add "a\nb", { "a" })
  t.equal(reader:add "c\n\nd", { "bc", "" })
  t.equal(reader.rest, "d")
end)

t.test("what has no end is cut, and nothing is lost", function()
  local reader = lines.new(4)
  t.equal(reader:add "123456789", { "1234", "5678" })
  t.equal(reader:add "\n1234\n12345\n", { "9", "1234", "1234", "5" })
  t.equal(reader.rest, "")
end)
