--- Names of live objects: sorting and finding, which need no server.
local names = require "perilune.shell.names"
local t = require "tests.support.spec"

local function numbered(count)
  local list = {}
  for i = 1, count do list[i] = ("vm-%05d"):format((i * 7919) % count) end
  return list
end

t.test("sorts, leaves each text once, and pauses every few", function()
  local list, pauses = numbered(3000), 0
  for i = 1, 700 do list[#list + 1] = list[i] end
  local sorted = names.sorted(list, function() pauses = pauses + 1 end)
  t.equal(#sorted, 3000)
  for i = 2, #sorted do t.is_true(sorted[i - 1] < sorted[i]) end
  t.is_true(pauses >= 3700 // 500)
  t.equal(names.sorted({}, error), {})
end)

t.test("finds what begins with a text", function()
  local list = { "a", "ab", "abc", "b", "b\255", "ba", "c" }
  table.sort(list)
  local function found(prefix)
    local first, last = names.range(list, prefix)
    return { table.unpack(list, first, last) }
  end
  t.equal(found "ab", { "ab", "abc" })
  t.equal(found "b", { "b", "ba", "b\255" })
  t.equal(found "c", { "c" })
  t.equal(found "d", {})
  t.equal(found "0", {})
  t.equal(#found "", #list)
end)
