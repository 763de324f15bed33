local inspect = require "perilune.util.inspect"
local secret = require "perilune.util.secret"
local t = require "tests.support.spec"

t.test("data objects are shown by their type, fields in order", function()
  local value = { _typeName = "HostCpuInfo", numCpuCores = 2, hz = 5 }
  t.equal(inspect.text(value), "HostCpuInfo { hz = 5, numCpuCores = 2 }")
  t.equal(inspect.text { _typeName = "X" }, "X {}")
end)

t.test("rows begin with their object and end with what is missing", function()
  t.equal(inspect.text { name = "a", ref = 1, missing = {}, ["a.b"] = "x" },
    '{ ref = 1, ["a.b"] = "x", name = "a", missing = {} }')
end)

t.test("lists are shown in their order, what is beside them after that", function()
  t.equal(inspect.text { 3, 1, 2, n = 3, [9] = true }, "{ 3, 1, 2, [9] = true, n = 3 }")
end)

t.test("what is too long takes a line for each part", function()
  local long = ("x"):rep(60)
  t.equal(inspect.text { a = long, b = { c = long } }, ('{\n  a = "%s",\n  b = { c = "%s" },\n}'):format(long, long))
end)

t.test("text of its own comes before the fields, and secrets stay secret", function()
  t.equal(inspect.text { setmetatable({ 1 }, { __tostring = function() return "one" end }) }, "{ one }")
  t.equal(inspect.text { password = secret.new "hidden" }, "{ password = (secret) }")
end)

t.test("a value may name what to show instead", function()
  t.equal(inspect.text(setmetatable({}, { __inspect = function() return { 1, 2 } end })), "{ 1, 2 }")
end)

t.test("a table within itself, or very deep, ends", function()
  local loop = {}
  loop.again = loop
  t.equal(inspect.text(loop), "{ again = {…} }")
  local deep = {}
  for _ = 1, 100 do deep = { deep } end
  t.match(inspect.text(deep), "{…}")
end)

t.test("control characters are never written to a terminal", function()
  t.is_nil(inspect.text { "a\27[31mb\n" }:find "[%c]")
end)

t.test("print shows a string as it is, and tables by what is in them", function()
  t.equal({ inspect.printed "a", inspect.printed { "a" }, inspect.printed(nil) }, { "a", '{ "a" }', "nil" })
end)
