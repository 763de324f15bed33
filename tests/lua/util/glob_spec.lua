local glob = require "perilune.util.glob"
local t = require "tests.support.spec"

local function fitting(text, list)
  local fits, found = glob.test(text), {}
  for _, name in ipairs(list) do
    if fits(name) then found[#found + 1] = name end
  end
  return found
end

t.test("a star is any text, also none", function()
  t.equal(fitting("web-*", { "web-", "web-01", "xweb-1", "WEB-1" }), { "web-", "web-01" })
  t.equal(fitting("*-01", { "web-01", "-01", "web-01x" }), { "web-01", "-01" })
  t.equal(fitting("a*b*c", { "abc", "a-b-c", "acb", "abcx", "ab-bc-c" }), { "abc", "a-b-c", "ab-bc-c" })
  t.equal(fitting("*", { "", "x" }), { "", "x" })
end)

t.test("first and last piece do not share characters", function()
  t.equal(fitting("aba*aba", { "aba", "ababa", "abaaba", "aba-aba" }), { "abaaba", "aba-aba" })
end)

t.test("a question mark is one character, however many bytes", function()
  t.equal(fitting("vm?", { "vm", "vm1", "vmü", "vm12" }), { "vm1", "vmü" })
  t.equal(fitting("?*?", { "a", "ab", "üü" }), { "ab", "üü" })
end)

t.test("what means something in Lua patterns means itself", function()
  t.equal(fitting("a.b(%d)[x]^$-+*", { "a.b(%d)[x]^$-+", "axb(%d)[x]^$-+" }), { "a.b(%d)[x]^$-+" })
end)

t.test("a decoder sees what is no wildcard, and may make one of it that is none", function()
  local fits = glob.test("a!b*", function(text) return (text:gsub("!", "*")) end)
  t.equal({ fits "a*b", fits "a*bc", fits "axb" }, { true, true, false })
end)

t.test("many stars end soon", function()
  t.equal(glob.test(("*a"):rep(60) .. "b")(("a"):rep(2000)), false)
end)

t.test("tells names with wildcards from others", function()
  t.equal({ glob.is "a*", glob.is "a?", glob.is "a" }, { true, true, false })
end)
