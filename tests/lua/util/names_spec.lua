local names = require "perilune.util.names"
local t = require "tests.support.spec"

t.test("splits a path at slashes and shows escaped ones in names", function()
  t.equal(names.split "/DC0/vm/a%2fb%25", { "DC0", "vm", "a/b%" })
end)

t.test("joins what it split", function()
  t.equal(names.join(names.split "/DC0/vm/a%2fb%5C"), "/DC0/vm/a%2fb%5c")
end)

t.test("has one spelling for every path", function()
  t.equal(names.canonical "//DC0/vm//web/", "/DC0/vm/web")
  t.equal(names.canonical "/DC0/vm/a%2Fb", "/DC0/vm/a%2fb")
end)

t.test("leaves a percent sign that escapes nothing", function()
  t.equal(names.unescape "100%", "100%")
  t.equal(names.escape "100%", "100%25")
end)
